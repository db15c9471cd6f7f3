import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Attention } from "../../api/schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { Money } from "../../ui/Money";
import { When } from "../../ui/When";
import { OrderLink } from "./OrderLink";

/** Orders that need a person, the oldest first, and why. */
export function AttentionTable({ items }: { items: Attention[] }) {
  const { t } = useTranslation();
  if (items.length === 0) return <Text c="var(--quiet)">{t("operator.noAttention")}</Text>;
  const columns: Column<Attention>[] = [
    { head: t("orders.number"), cell: (one) => <OrderLink order={one.order_number} /> },
    { head: t("operator.why"), cell: (one) => t(`attention.${one.kind}`) },
    {
      head: t("operator.amount"),
      number: true,
      cell: (one) =>
        one.amount !== null && one.currency !== null ? (
          <Money amount={one.amount} currency={one.currency} />
        ) : (
          t("common.none")
        ),
    },
    { head: t("operator.email"), cell: (one) => one.email ?? t("common.none") },
    { head: t("operator.since"), cell: (one) => <When at={one.since} /> },
  ];
  return (
    <DataTable
      label={t("operator.attention")}
      rows={items}
      rowKey={(one, index) => `${one.order_number} ${one.kind} ${index}`}
      columns={columns}
    />
  );
}
