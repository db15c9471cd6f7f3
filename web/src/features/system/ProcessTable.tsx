import { useTranslation } from "react-i18next";
import type { ServiceLine, ServiceProcess } from "../../api/schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { When } from "../../ui/When";

type Row = ServiceProcess & { service: string };

/** A row for each process: where it runs, since when, and which version. */
export function ProcessTable({ services }: { services: ServiceLine[] }) {
  const { t } = useTranslation();
  const none = t("common.none");
  const rows: Row[] = services.flatMap(({ service, processes }) =>
    processes.map((one) => ({ ...one, service })),
  );
  const columns: Column<Row>[] = [
    { head: t("health.service"), cell: (one) => one.service },
    { head: t("health.process"), cell: (one) => one.process || none },
    { head: t("health.version"), cell: (one) => one.version || none },
    {
      head: t("health.runsSince"),
      cell: (one) => (one.started_at === null ? none : <When at={one.started_at} />),
    },
    { head: t("health.questions"), number: true, cell: (one) => one.questions_waiting },
  ];
  return (
    <DataTable
      label={t("health.processes")}
      rows={rows}
      rowKey={(one) => `${one.service} ${one.process}`}
      columns={columns}
    />
  );
}
