import { Anchor } from "@mantine/core";
import { IconReceipt } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useOrders } from "../api/account";
import type { OrderLine } from "../api/schema";
import { OrderStateBadge } from "../features/orders/OrderStateBadge";
import type { Column } from "../ui/DataTable";
import { Empty } from "../ui/Empty";
import { Money } from "../ui/Money";
import { Page } from "../ui/Page";
import { PagedTable } from "../ui/PagedTable";
import { When } from "../ui/When";

export function OrdersPage() {
  const { t } = useTranslation();
  const columns: Column<OrderLine>[] = [
    {
      head: t("orders.number"),
      cell: (order) => (
        <Anchor
          ff="monospace"
          size="sm"
          renderRoot={(props) => <Link to="/pay/$order" params={{ order: order.order_number }} {...props} />}
        >
          {order.order_number}
        </Anchor>
      ),
    },
    { head: t("orders.plan"), cell: (order) => order.plan_name },
    {
      head: t("orders.state"),
      cell: (order) => <OrderStateBadge status={order.order_status} />,
    },
    {
      head: t("orders.price"),
      number: true,
      cell: (order) => <Money amount={order.price_usd} currency="USD" />,
    },
    { head: t("orders.placed"), cell: (order) => <When at={order.placed_at} /> },
  ];
  return (
    <Page title={t("orders.title")}>
      <PagedTable
        label={t("orders.title")}
        query={useOrders()}
        rowKey={(order) => order.order_number}
        columns={columns}
        empty={
          <Empty icon={<IconReceipt size={22} />} title={t("orders.empty")} text={t("orders.emptyText")} />
        }
      />
    </Page>
  );
}
