import { Group, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconReceipt, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAllOrders } from "../../api/operator";
import type { AdminOrderLine, OrderStatus } from "../../api/schema";
import { OrderLink } from "../../features/operator/OrderLink";
import { ORDER_STATUSES, OrderStateBadge } from "../../features/orders/OrderStateBadge";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { Money } from "../../ui/Money";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/PagedTable";
import { When } from "../../ui/When";

const TYPING_MS = 250;

export function AllOrdersPage() {
  const { t } = useTranslation();
  const [status, setStatus] = useState<OrderStatus | null>(null);
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed, TYPING_MS);
  const query = useAllOrders({ ...(status ? { order_status: status } : {}), ...(text ? { text } : {}) });
  const columns: Column<AdminOrderLine>[] = [
    { head: t("orders.number"), cell: (order) => <OrderLink order={order.order_number} /> },
    { head: t("operator.email"), cell: (order) => order.email ?? t("common.none") },
    { head: t("orders.plan"), cell: (order) => order.plan_name },
    { head: t("orders.state"), cell: (order) => <OrderStateBadge status={order.order_status} /> },
    {
      head: t("orders.price"),
      number: true,
      cell: (order) => <Money amount={order.price_usd} currency="USD" />,
    },
    { head: t("orders.placed"), cell: (order) => <When at={order.placed_at} /> },
  ];
  return (
    <Page title={t("operator.orders")}>
      <Group gap="sm">
        <TextInput
          size="xs"
          w={260}
          aria-label={t("operator.searchOrders")}
          placeholder={t("operator.searchOrders")}
          leftSection={<IconSearch size={14} />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Select
          clearable
          size="xs"
          aria-label={t("orders.state")}
          placeholder={t("orders.state")}
          data={ORDER_STATUSES.map((value) => ({ value, label: t(`orderStatus.${value}`) }))}
          value={status}
          onChange={setStatus}
        />
      </Group>
      <PagedTable
        label={t("operator.orders")}
        query={query}
        rowKey={(order) => order.order_number}
        columns={columns}
        empty={
          <Empty
            icon={<IconReceipt size={22} />}
            title={t("operator.noOrders")}
            text={t("operator.noOrdersText")}
          />
        }
      />
    </Page>
  );
}
