import { Group } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAnyOrder } from "../../api/operator";
import { isMissing } from "../../api/problem";
import type { AdminOrder } from "../../api/schema";
import { OrderActs } from "../../features/operator/OrderActs";
import { OrderFacts } from "../../features/operator/OrderFacts";
import { OrderHistory } from "../../features/operator/OrderHistory";
import { OrderStateBadge } from "../../features/orders/OrderStateBadge";
import { Loaded } from "../../ui/Loaded";
import { MissingPage } from "../../ui/MissingPage";
import { Page } from "../../ui/Page";

export function AnyOrderPage() {
  const { order = "" } = useParams({ strict: false });
  const query = useAnyOrder(order);
  if (isMissing(query.error)) return <MissingPage />;
  return <Loaded query={query}>{(found) => <OrderView order={found} />}</Loaded>;
}

function OrderView({ order }: { order: AdminOrder }) {
  const { t } = useTranslation();
  return (
    <Page
      title={t("orders.numbered", { order: order.order_number })}
      about={
        <Group gap="sm">
          <OrderStateBadge status={order.order_status} />
          {order.attention.map((one) => t(`attention.${one.kind}`)).join(", ")}
        </Group>
      }
      action={<OrderActs order={order.order_number} />}
    >
      <OrderFacts order={order} />
      <OrderHistory history={order.history} />
    </Page>
  );
}
