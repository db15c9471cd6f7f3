import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Forwarding, Overrunning, Worker } from "../../api/schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { timeLeft } from "../../ui/time";
import { useDuration } from "../../ui/useDuration";
import { AdbotLink } from "./AdbotLink";
import { OrderLink } from "./OrderLink";

/** Adbots whose cycles often take longer than their interval. */
export function OverrunningTable({ forwarding }: { forwarding: Forwarding }) {
  const { t } = useTranslation();
  const duration = useDuration();
  const columns: Column<Overrunning>[] = [
    { head: t("nav.adbots"), cell: (one) => <AdbotLink adbot={one.adbot} /> },
    { head: t("orders.number"), cell: (one) => <OrderLink order={one.order_number} /> },
    {
      head: t("operator.skipped"),
      number: true,
      cell: (one) => t("operator.skippedOf", { count: one.overruns }),
    },
    { head: t("operator.interval"), cell: (one) => duration(one.interval_seconds) },
    {
      head: t("operator.needs"),
      cell: (one) => (one.cycle_seconds === null ? t("common.none") : timeLeft(one.cycle_seconds)),
    },
    { head: t("opAdbots.groups"), number: true, cell: (one) => one.groups ?? t("common.none") },
    { head: t("opAdbots.seatsOf"), number: true, cell: (one) => one.seats ?? t("common.none") },
  ];
  if (forwarding.overrunning.length === 0) return <Text c="var(--quiet)">{t("operator.noOverruns")}</Text>;
  return (
    <DataTable
      label={t("operator.overruns")}
      rows={forwarding.overrunning}
      rowKey={(one) => one.adbot}
      columns={columns}
    />
  );
}

/** The forwarder's workers that are alive. */
export function WorkersTable({ forwarding }: { forwarding: Forwarding }) {
  const { t } = useTranslation();
  const columns: Column<Worker>[] = [
    { head: t("operator.worker"), cell: (one) => one.worker },
    { head: t("charts.sessions"), number: true, cell: (one) => one.sessions },
    { head: t("operator.pace"), number: true, cell: (one) => Math.round(one.sends_a_minute) },
  ];
  if (forwarding.workers.length === 0) return <Text c="var(--quiet)">{t("operator.noWorkers")}</Text>;
  return (
    <DataTable
      label={t("operator.workers")}
      rows={forwarding.workers}
      rowKey={(one) => one.worker}
      columns={columns}
    />
  );
}
