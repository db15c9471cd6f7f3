import { useTranslation } from "react-i18next";
import type { ServiceLine } from "../../api/schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { byteSize, whole } from "../../ui/size";
import { timeLeft } from "../../ui/time";

/** A row for each service's database: how much it holds, and whose transaction is open for longest. */
export function DatabaseTable({ services }: { services: ServiceLine[] }) {
  const { t } = useTranslation();
  const none = t("common.none");
  const columns: Column<ServiceLine>[] = [
    { head: t("health.service"), cell: (one) => one.service },
    {
      head: t("health.stored"),
      number: true,
      cell: ({ relay }) => (relay === null ? none : whole(relay.stored)),
    },
    {
      head: t("health.size"),
      number: true,
      cell: ({ database }) => (database === null ? none : byteSize(database.bytes)),
    },
    {
      head: t("health.connections"),
      number: true,
      cell: ({ database }) => database?.connections ?? none,
    },
    { head: t("health.transaction"), cell: transaction },
  ];
  return (
    <DataTable
      label={t("health.databases")}
      rows={services.filter((one) => one.database !== null)}
      rowKey={(one) => one.service}
      columns={columns}
    />
  );

  function transaction({ database }: ServiceLine): string {
    const seconds = database?.open_seconds ?? null;
    if (seconds === null) return none;
    return t("health.openFor", { time: timeLeft(seconds), holder: database?.holder ?? "" });
  }
}
