import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useAttention } from "../../api/operator";
import type { Attention } from "../../api/schema";
import type { Column } from "../../ui/DataTable";
import { Money } from "../../ui/Money";
import { PagedTable } from "../../ui/PagedTable";
import { RowLink } from "../../ui/RowLink";
import { When } from "../../ui/When";

/** Orders that need a person, the oldest first, and why. */
export function AttentionTable() {
  const { t } = useTranslation();
  const columns: Column<Attention>[] = [
    {
      head: t("orders.number"),
      cell: (one) => (
        <RowLink to="/operator/orders/$order" params={{ order: one.order_number }}>
          {one.order_number}
        </RowLink>
      ),
    },
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
    <PagedTable
      label={t("operator.attention")}
      query={useAttention()}
      rowKey={(one) => `${one.order_number} ${one.kind} ${one.since} ${one.detail}`}
      columns={columns}
      empty={<Text c="var(--quiet)">{t("operator.noAttention")}</Text>}
    />
  );
}
