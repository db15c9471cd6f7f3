import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/account";
import type { PaymentView } from "../../api/schema";
import type { PaymentStage } from "./stage";

/** What follows, and what its payer can do, besides paying. */
export function NextStep({ payment, stage }: { payment: PaymentView; stage: PaymentStage }) {
  const { t } = useTranslation();
  switch (stage) {
    case "waiting":
    case "partial":
      return null;
    case "preparing":
    case "confirming":
      return <Text>{t(`payment.${stage}Text`)}</Text>;
    case "paid":
      return <Paid delivered={payment.order_status === "FULFILLED"} />;
    case "late":
    case "failed":
    case "expired":
    case "cancelled":
    case "refunded":
      return (
        <Stack gap="md">
          <Text>{t(`payment.${stage}Text`, { order: payment.order_number })}</Text>
          <Group>
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link
                  to="/buy/$plan"
                  params={{ plan: payment.plan }}
                  search={{ coin: payment.pay_currency }}
                  {...props}
                />
              )}
            >
              {t("payment.again")}
            </Button>
          </Group>
        </Stack>
      );
  }
}

function Paid({ delivered }: { delivered: boolean }) {
  const { t } = useTranslation();
  const signedIn = useSession() !== null;
  return (
    <Stack gap="md">
      <Alert color="teal" icon={<IconCircleCheck size={18} />} title={t("payment.thanks")}>
        {delivered ? t("payment.deliveredText") : t("payment.beingDelivered")}{" "}
        {!signedIn && t("payment.paidText")}
      </Alert>
      <Group>
        <Button renderRoot={(props) => <Link to={signedIn ? "/adbots" : "/sign-in"} {...props} />}>
          {signedIn ? t("payment.toAdbots") : t("nav.signIn")}
        </Button>
      </Group>
    </Stack>
  );
}
