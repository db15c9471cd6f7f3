import { Alert, Button, Card, Stack, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { PaymentView } from "../../api/schema";
import { StateBadge } from "../../ui/StateBadge";
import { HowToPay } from "./HowToPay";
import { type PaymentStage, stageOf } from "./stage";

const MOODS = {
  waiting: "waiting",
  confirming: "working",
  partial: "waiting",
  paid: "good",
  failed: "bad",
  expired: "bad",
  refunded: "quiet",
} as const satisfies Record<PaymentStage, string>;

/** Where a payment stands, and what there is to do. */
export function PaymentState({ payment }: { payment: PaymentView }) {
  const { t } = useTranslation();
  const stage = stageOf(payment);
  return (
    <Card maw={560}>
      <Stack gap="md">
        <div role="status">
          <StateBadge mood={MOODS[stage]}>{t(`payment.${stage}`)}</StateBadge>
        </div>
        {stage === "partial" && (
          <Alert color="yellow">
            {t("payment.missing", {
              paid: `${payment.paid} ${payment.pay_currency}`,
              missing: `${payment.missing} ${payment.pay_currency}`,
            })}
          </Alert>
        )}
        {(stage === "waiting" || stage === "partial") && <HowToPay payment={payment} />}
        {stage === "expired" && <Text>{t("payment.expiredText")}</Text>}
        {stage === "paid" && (
          <>
            <Alert color="teal" icon={<IconCircleCheck size={18} />}>
              {t("payment.paidText")}
            </Alert>
            <Button renderRoot={(props) => <Link to="/sign-in" {...props} />}>{t("nav.signIn")}</Button>
          </>
        )}
      </Stack>
    </Card>
  );
}
