import { Button, Group, Stack, Text } from "@mantine/core";
import { IconClock, IconWallet } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useCoins } from "../../api/buying";
import type { PaymentView } from "../../api/schema";
import { moneyText } from "../../ui/amount";
import { CopyField } from "../../ui/CopyField";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { QrCode } from "../../ui/QrCode";
import { timeLeft } from "../../ui/time";
import { coinName, networkOfAddress } from "./coins";
import classes from "./HowToPay.module.css";

/** The amount, the address and the memo to pay to, to copy or to scan. */
export function HowToPay({ payment, now }: { payment: PaymentView; now: number }) {
  const { t } = useTranslation();
  const amount = payment.missing ?? payment.amount;
  const { pay_address: address, payment_uri: uri } = payment;
  if (address === null || amount === null) return <Text>{t("payment.preparingText")}</Text>;
  return (
    <Group align="flex-start" gap="lg">
      {uri !== null && (
        <Stack gap="xs" align="center" className={classes.scan}>
          <QrCode value={uri} size={176} title={t("payment.qr")} />
          <Button component="a" href={uri} variant="light" fullWidth leftSection={<IconWallet size={16} />}>
            {t("payment.open")}
          </Button>
        </Stack>
      )}
      <Stack gap="md" flex={1} miw={260}>
        <CopyField name={t("payment.send")} value={amount} shown={moneyText(amount, payment.pay_currency)} />
        <CopyField name={t("payment.to")} value={address} />
        {payment.memo !== null && <CopyField name={t("payment.memo")} value={payment.memo} />}
        <Network payment={payment} address={address} />
        <Group gap={6} wrap="nowrap">
          <IconClock size={16} stroke={1.6} />
          <Text size="sm" className="figure">
            {t("payment.left", { left: timeLeft((Date.parse(payment.expires_at) - now) / 1000) })}
          </Text>
        </Group>
      </Stack>
    </Group>
  );
}

/** The network on which the coin is to be sent, where its name does not say it. */
function Network({ payment, address }: { payment: PaymentView; address: string }) {
  const { t } = useTranslation();
  const coins = useCoins();
  if (coins.data === undefined && coins.error !== null) {
    return <ProblemNotice error={coins.error} onRetry={() => void coins.refetch()} />;
  }
  const coin = coins.data?.items.find(({ code }) => code === payment.pay_currency);
  const network = coin === undefined ? null : networkOfAddress(coin, address);
  if (coin === undefined || network === null) return null;
  return (
    <Text size="sm" fw={500}>
      {t("payment.network", { coin: coinName(coin), network: t(`network.${network}`) })}
    </Text>
  );
}
