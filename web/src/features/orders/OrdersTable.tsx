import { Button, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { cancelOrder, type useOrders } from "../../api/account";
import type { OrderLine } from "../../api/schema";
import { ActDialog } from "../../ui/acts/ActDialog";
import type { Column } from "../../ui/DataTable";
import { Money } from "../../ui/Money";
import { PagedTable } from "../../ui/PagedTable";
import { RowLink } from "../../ui/RowLink";
import { When } from "../../ui/When";
import { OrderStateBadge } from "./OrderStateBadge";

type Props = { query: ReturnType<typeof useOrders>; empty: ReactNode };

/** The caller's orders; a row opens the order's payment. */
export function OrdersTable({ query, empty }: Props) {
  const { t } = useTranslation();
  const [cancelled, setCancelled] = useState<OrderLine | null>(null);
  const columns: Column<OrderLine>[] = [
    {
      head: t("orders.number"),
      cell: (order) => (
        <RowLink to="/pay/$order" params={{ order: order.order_number }}>
          <Text span ff="monospace" inherit>
            {order.order_number}
          </Text>
        </RowLink>
      ),
    },
    {
      head: t("orders.plan"),
      cell: (order) =>
        order.renews === null ? order.plan_name : t("orders.renewal", { plan: order.plan_name }),
    },
    { head: t("orders.state"), cell: (order) => <OrderStateBadge status={order.order_status} /> },
    {
      head: t("orders.price"),
      number: true,
      cell: (order) => <Money amount={order.price_usd} currency="USD" />,
    },
    {
      head: t("orders.amount"),
      number: true,
      minor: true,
      cell: (order) =>
        order.amount === null ? (
          t("common.none")
        ) : (
          <Money amount={order.amount} currency={order.pay_currency} />
        ),
    },
    { head: t("orders.placed"), minor: true, cell: (order) => <When at={order.placed_at} /> },
    { head: t("orders.act"), cell: (order) => <Acts order={order} onCancel={() => setCancelled(order)} /> },
  ];
  return (
    <>
      <PagedTable
        label={t("orders.title")}
        query={query}
        rowKey={(order) => order.order_number}
        columns={columns}
        empty={empty}
      />
      {cancelled !== null && (
        <ActDialog
          act={{
            title: t("orders.cancel"),
            consequence: t("orders.cancelConsequence", { order: cancelled.order_number }),
            danger: true,
            run: () => cancelOrder(cancelled.order_number),
          }}
          onClose={() => setCancelled(null)}
        />
      )}
    </>
  );
}

function Acts({ order, onCancel }: { order: OrderLine; onCancel: () => void }) {
  const { t } = useTranslation();
  const { adbot, order_number } = order;
  if (order.order_status === "PENDING") {
    return (
      <Group gap="xs" wrap="nowrap">
        <Button
          size="compact-sm"
          variant="light"
          aria-label={t("orders.payOf", { order: order_number })}
          renderRoot={(props) => <Link to="/pay/$order" params={{ order: order_number }} {...props} />}
        >
          {t("orders.pay")}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t("orders.cancelOf", { order: order_number })}
          onClick={onCancel}
        >
          {t("common.cancel")}
        </Button>
      </Group>
    );
  }
  if (adbot === null) return null;
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={t("orders.adbotOf", { order: order_number })}
      renderRoot={(props) => <Link to="/adbots/$adbot" params={{ adbot }} {...props} />}
    >
      {t("orders.adbot")}
    </Button>
  );
}
