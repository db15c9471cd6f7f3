import { Button, Skeleton, Stack, Text } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useRenew } from "../../../api/adbots";
import { usePlans } from "../../../api/buying";
import type { AdbotState, PlanOnSale } from "../../../api/schema";
import { Dialog } from "../../../ui/Dialog";
import { DialogButtons } from "../../../ui/FormButtons";
import { Money } from "../../../ui/Money";
import { ProblemNotice } from "../../../ui/ProblemNotice";
import { exactTime } from "../../../ui/time";
import { CoinSelect } from "../../checkout/CoinSelect";
import { extendedUntil } from "./extended";

type Props = { adbot: AdbotState; onClose: () => void };

/** Orders an adbot's plan once more: what it costs, until when it runs then, and the coin to pay with. */
export function RenewDialog({ adbot, onClose }: Props) {
  const { t } = useTranslation();
  const plans = usePlans();
  const plan = plans.data?.items.find(({ code }) => code === adbot.plan.code);
  return (
    <Dialog title={t("renewal.title", { plan: adbot.plan.name })} onClose={onClose}>
      {plan !== undefined && <RenewForm adbot={adbot} plan={plan} onClose={onClose} />}
      {plans.isPending && <Skeleton height={120} />}
      {plans.error !== null && <ProblemNotice error={plans.error} onRetry={() => void plans.refetch()} />}
      {plans.data !== undefined && plan === undefined && <NotOnSale />}
    </Dialog>
  );
}

function NotOnSale() {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      <Text size="sm">{t("renewal.notOnSale")}</Text>
      <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
        {t("adbots.buy")}
      </Button>
    </Stack>
  );
}

function RenewForm({ adbot, plan, onClose }: Props & { plan: PlanOnSale }) {
  const { t } = useTranslation();
  const renew = useRenew(adbot.id);
  const navigate = useNavigate();
  const [coin, setCoin] = useState<string | null>(null);
  const until = extendedUntil(adbot, plan.validity_days);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (coin === null) return;
    renew.mutate(coin, {
      onSuccess: ({ order_number }) => void navigate({ to: "/pay/$order", params: { order: order_number } }),
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="xl" fw={600}>
          <Money amount={plan.price_usd} currency="USD" />
        </Text>
        <Text size="sm">
          {until === null
            ? t("renewal.again", { count: plan.validity_days })
            : t("renewal.longer", { count: plan.validity_days, until: exactTime(until) })}
        </Text>
        <CoinSelect data-autofocus value={coin} onChange={setCoin} />
        {renew.error !== null && <ProblemNotice error={renew.error} />}
        <DialogButtons
          act={t("checkout.pay")}
          pending={renew.isPending}
          disabled={coin === null}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}
