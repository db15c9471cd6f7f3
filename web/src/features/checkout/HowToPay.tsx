import { Button, Group, Stack, Text } from "@mantine/core";
import { IconWallet } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import QRCode from "react-qr-code";
import type { PaymentView } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import { timeLeft } from "../../ui/time";
import { useNow } from "../../ui/useNow";
import classes from "./HowToPay.module.css";

/** The amount, the address and the memo to pay to, to copy or to scan. */
export function HowToPay({ payment }: { payment: PaymentView }) {
  const { t } = useTranslation();
  const now = useNow();
  const amount = payment.missing ?? payment.amount;
  if (payment.pay_address === null || amount === null) return <Text>{t("payment.preparing")}</Text>;
  return (
    <Group align="flex-start" gap="lg">
      {payment.payment_uri !== null && (
        <div className={classes.qr}>
          <QRCode value={payment.payment_uri} size={168} title={t("payment.qr")} />
        </div>
      )}
      <Stack gap="sm" flex={1} miw={220}>
        <Fact name={t("payment.send")} value={amount} shown={`${amount} ${payment.pay_currency}`} />
        <Fact name={t("payment.to")} value={payment.pay_address} />
        {payment.memo !== null && <Fact name={t("payment.memo")} value={payment.memo} />}
        <Text size="sm" className="figure">
          {t("payment.left", { left: timeLeft((Date.parse(payment.expires_at) - now) / 1000) })}
        </Text>
        {payment.payment_uri !== null && (
          <Button
            component="a"
            href={payment.payment_uri}
            variant="light"
            leftSection={<IconWallet size={16} />}
          >
            {t("payment.open")}
          </Button>
        )}
      </Stack>
    </Group>
  );
}

function Fact({ name, value, shown }: { name: string; value: string; shown?: string }) {
  return (
    <div>
      <Text size="xs" c="var(--quiet)">
        {name}
      </Text>
      <CopyText value={value} {...(shown === undefined ? {} : { shown })} size="md" />
    </div>
  );
}
