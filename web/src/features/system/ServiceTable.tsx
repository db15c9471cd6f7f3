import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { ServiceLine } from "../../api/schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { whole } from "../../ui/size";
import { timeLeft } from "../../ui/time";
import { ReaderBars } from "./ReaderBars";
import { ServiceStateBadge } from "./ServiceStateBadge";

/** A row for each service: its state, what it has not published and not read, and what holds it up. */
export function ServiceTable({ services }: { services: ServiceLine[] }) {
  const { t } = useTranslation();
  const none = t("common.none");
  const columns: Column<ServiceLine>[] = [
    { head: t("health.service"), cell: (one) => one.service },
    { head: t("health.state"), cell: (one) => <ServiceStateBadge state={one.state} /> },
    { head: t("health.processes"), number: true, cell: processes },
    { head: t("health.toPublish"), number: true, cell: relay },
    { head: t("health.readers"), cell: (one) => <ReaderBars readers={one.readers} /> },
    { head: t("health.transaction"), number: true, cell: transaction },
    { head: t("health.deadLetters"), number: true, cell: (one) => <DeadLetterCount service={one} /> },
  ];
  return (
    <DataTable label={t("health.services")} rows={services} rowKey={(one) => one.service} columns={columns} />
  );

  function processes({ state, processes }: ServiceLine): string {
    return state === "SILENT" ? none : whole(processes.length);
  }

  function relay({ relay }: ServiceLine): string {
    if (relay === null) return none;
    if (!relay.active) return t("health.noRelay");
    const age = relay.oldest_seconds === null ? "" : `, ${timeLeft(relay.oldest_seconds)}`;
    return relay.behind === 0 ? "0" : `${whole(relay.behind)}${age}`;
  }

  function transaction({ database }: ServiceLine): string {
    const seconds = database?.open_seconds ?? null;
    return seconds === null ? none : timeLeft(seconds);
  }
}

function DeadLetterCount({ service }: { service: ServiceLine }) {
  const { t } = useTranslation();
  const count = service.readers.reduce((sum, reader) => sum + reader.dead_letters, 0);
  if (service.state === "SILENT") return <>{t("common.none")}</>;
  if (count === 0) return <>0</>;
  return (
    <Anchor
      renderRoot={(props) => <Link to="/operator/dead-letters" {...props} />}
      aria-label={t("health.deadLettersOf", { count, service: service.service })}
    >
      {whole(count)}
    </Anchor>
  );
}
