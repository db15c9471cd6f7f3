import { Card, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AdminOrder } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import { Money } from "../../ui/Money";

/** Who ordered what, and what was paid. */
export function OrderFacts({ order }: { order: AdminOrder }) {
  const { t } = useTranslation();
  const inCoins = (amount: string | null) =>
    amount === null ? t("common.none") : <Money amount={amount} currency={order.pay_currency} />;
  return (
    <Card>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Fact name={t("operator.email")}>{order.email ?? t("common.none")}</Fact>
        <Fact name={t("orders.plan")}>{order.plan_name}</Fact>
        <Fact name={t("orders.price")}>
          <Money amount={order.price_usd} currency="USD" />
        </Fact>
        <Fact name={t("operator.amount")}>{inCoins(order.amount)}</Fact>
        <Fact name={t("operator.paid")}>{inCoins(order.paid)}</Fact>
        <Fact name={t("operator.missing")}>{inCoins(order.missing)}</Fact>
        <Fact name={t("operator.payment")}>
          {order.payment === null ? t("common.none") : <CopyText value={order.payment} />}
        </Fact>
        <Fact name={t("operator.account")}>
          <CopyText value={order.account} shown={`${order.account.slice(0, 8)}…`} />
        </Fact>
      </SimpleGrid>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="var(--quiet)">
        {name}
      </Text>
      <Text component="div">{children}</Text>
    </div>
  );
}
