import { Card } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AdminOrder } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import { Fact, Facts } from "../../ui/Facts";
import { Money } from "../../ui/Money";
import { AccountLink } from "./AccountLink";
import { ActivityLink } from "./ActivityLink";
import { AdbotLink } from "./AdbotLink";
import { EventsLink } from "./EventsLink";

/** Who ordered what, and what was paid. */
export function OrderFacts({ order }: { order: AdminOrder }) {
  const { t } = useTranslation();
  const inCoins = (amount: string | null) =>
    amount === null ? t("common.none") : <Money amount={amount} currency={order.pay_currency} />;
  return (
    <Card>
      <Facts columns>
        <Fact name={t("operator.account")}>
          <AccountLink account={order.account} email={order.email} />
        </Fact>
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
        <Fact name={t("operator.adbot")}>
          {order.adbot === null ? t("common.none") : <AdbotLink adbot={order.adbot} />}
        </Fact>
        <Fact name={t("nav.activity")}>
          <ActivityLink text={order.order_number} />
        </Fact>
        <Fact name={t("nav.events")}>
          <EventsLink id={order.order_number} />
        </Fact>
      </Facts>
    </Card>
  );
}
