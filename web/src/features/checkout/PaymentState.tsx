import { Alert, Card, Group, Progress, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PaymentView } from "../../api/schema";
import { moneyText } from "../../ui/amount";
import { Money } from "../../ui/Money";
import { type Mood, StateBadge } from "../../ui/StateBadge";
import { useNow } from "../../ui/useNow";
import { HowToPay } from "./HowToPay";
import { NextStep } from "./NextStep";
import { PaymentSteps } from "./PaymentSteps";
import { type PaymentStage, paidPercent, stageOf } from "./stage";

const MOODS: Record<PaymentStage, Mood> = {
  preparing: "working",
  waiting: "waiting",
  late: "waiting",
  confirming: "working",
  partial: "waiting",
  paid: "good",
  failed: "bad",
  expired: "bad",
  cancelled: "quiet",
  refunded: "quiet",
};

/** Where a payment stands, and what there is to do. */
export function PaymentState({ payment }: { payment: PaymentView }) {
  const { t } = useTranslation();
  const now = useNow();
  const stage = stageOf(payment, now);
  return (
    <Card maw={760}>
      <Stack gap="lg">
        <Group justify="space-between">
          <div role="status">
            <StateBadge mood={MOODS[stage]}>{t(`payment.${stage}`)}</StateBadge>
          </div>
          <Text size="sm" c="var(--quiet)">
            {t("payment.price")} <Money amount={payment.price_usd} currency="USD" />
          </Text>
        </Group>
        <PaymentSteps stage={stage} />
        {stage === "partial" && <Partial payment={payment} />}
        {(stage === "waiting" || stage === "partial") && <HowToPay payment={payment} now={now} />}
        <NextStep payment={payment} stage={stage} />
      </Stack>
    </Card>
  );
}

/** What has arrived of a payment, and what is missing. */
function Partial({ payment }: { payment: PaymentView }) {
  const { t } = useTranslation();
  const money = (amount: string | null) => moneyText(amount ?? "0", payment.pay_currency);
  const percent = paidPercent(payment.paid, payment.amount);
  return (
    <Alert color="yellow">
      <Stack gap="xs">
        <Text size="sm">
          {t("payment.missing", { paid: money(payment.paid), missing: money(payment.missing) })}
        </Text>
        <Progress value={percent} color="yellow" aria-label={t("payment.share", { percent })} />
        <Text size="xs">{t("payment.shareOf", { percent, amount: money(payment.amount) })}</Text>
      </Stack>
    </Alert>
  );
}
