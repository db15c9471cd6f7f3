import { useTranslation } from "react-i18next";
import type { ServiceTablesView, TableView } from "../../api/schema";
import { isGoing, type TableKey } from "../../api/system";
import { type Column, DataTable } from "../../ui/DataTable";
import { byteSize, whole } from "../../ui/size";
import { RebuildButton } from "./RebuildButton";
import { RebuildProgress } from "./RebuildProgress";

/** The tables that a service folds from events, each with what stands besides it. */
export function TableList({ of }: { of: ServiceTablesView }) {
  const { t } = useTranslation();
  const busy = of.rebuilds.some(isGoing);
  const columns: Column<TableView>[] = [
    { head: t("tables.table"), cell: (one) => one.name },
    { head: t("tables.kind"), cell: (one) => t(`tableKind.${one.kind}`) },
    { head: t("tables.version"), number: true, cell: version },
    { head: t("tables.rows"), number: true, cell: (one) => whole(one.rows) },
    { head: t("tables.size"), number: true, cell: (one) => byteSize(one.bytes) },
    { head: t("tables.besides"), cell: besides },
    {
      head: t("tables.acts"),
      cell: (one) => {
        const going = of.rebuilds.find((rebuild) => rebuild.table === one.name && isGoing(rebuild));
        const key = { service: of.service as TableKey["service"], table: one.name };
        return going === undefined ? (
          <RebuildButton of={key} busy={busy} />
        ) : (
          <RebuildProgress rebuild={going} />
        );
      },
    },
  ];
  return (
    <DataTable
      label={t("tables.of", { service: of.service })}
      rows={of.tables}
      rowKey={(one) => one.name}
      columns={columns}
    />
  );

  function version(one: TableView): string {
    if (one.running === one.version) return String(one.version);
    return t("tables.otherVersion", { running: one.running ?? t("common.none"), version: one.version });
  }

  function besides(one: TableView): string {
    const said = one.shadows.map((shadow) =>
      t(`shadow.${shadow.purpose}`, { version: shadow.version, folded: whole(shadow.folded) }),
    );
    return said.join(", ") || t("common.none");
  }
}
