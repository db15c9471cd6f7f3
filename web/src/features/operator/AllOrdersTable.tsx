import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AdminOrderLine } from "../../api/schema";
import type { Column } from "../../ui/DataTable";
import { Money } from "../../ui/Money";
import { PagedTable } from "../../ui/PagedTable";
import { RowLink } from "../../ui/RowLink";
import { When } from "../../ui/When";
import { OrderStateBadge } from "../orders/OrderStateBadge";
import { AccountLink } from "./AccountLink";

type Props = {
  query: UseInfiniteQueryResult<InfiniteData<{ items: AdminOrderLine[] }>>;
  empty: ReactNode;
  /** Whose orders they are is said elsewhere. */
  ofOne?: boolean;
};

/** Orders of any account. */
export function AllOrdersTable({ query, empty, ofOne = false }: Props) {
  const { t } = useTranslation();
  const columns: Column<AdminOrderLine>[] = [
    {
      head: t("orders.number"),
      cell: (order) => (
        <RowLink to="/operator/orders/$order" params={{ order: order.order_number }}>
          {order.order_number}
        </RowLink>
      ),
    },
    { head: t("orders.plan"), minor: true, cell: (order) => order.plan_name },
    { head: t("orders.state"), cell: (order) => <OrderStateBadge status={order.order_status} /> },
    {
      head: t("orders.price"),
      number: true,
      cell: (order) => <Money amount={order.price_usd} currency="USD" />,
    },
    { head: t("orders.placed"), cell: (order) => <When at={order.placed_at} /> },
  ];
  if (!ofOne) {
    columns.splice(1, 0, {
      head: t("operator.email"),
      cell: (order) => <AccountLink account={order.account} email={order.email} />,
    });
  }
  return (
    <PagedTable
      label={t("operator.orders")}
      query={query}
      rowKey={(order) => order.order_number}
      columns={columns}
      empty={empty}
    />
  );
}
