import { Text } from "@mantine/core";
import { IconClipboardList } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type ActivityFilter, useActivity } from "../../api/activity";
import type { Act } from "../../api/schema";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { PagedTable } from "../../ui/PagedTable";
import { StateBadge } from "../../ui/StateBadge";
import { When } from "../../ui/When";
import { AccountLink } from "./AccountLink";
import { EventsLink } from "./EventsLink";
import { ThingLink } from "./ThingLink";
import { accountOf } from "./things";
import { useActWords } from "./useActWords";

/** What operators did, the latest first. */
export function ActivityTable({ filter }: { filter: ActivityFilter }) {
  const { t } = useTranslation();
  const { say } = useActWords();
  const columns: Column<Act>[] = [
    { head: t("opActivity.when"), cell: (act) => <When at={act.at} /> },
    {
      head: t("opActivity.who"),
      cell: (act) => {
        const account = accountOf(act.actor);
        return account === null ? t("opActivity.token") : <AccountLink account={account} email={null} />;
      },
    },
    { head: t("opActivity.what"), cell: (act) => say(act.operation) },
    { head: t("opActivity.thing"), cell: (act) => <ThingLink path={act.path} detail={act.detail} /> },
    { head: t("opActivity.outcome"), cell: (act) => <Outcome outcome={act.outcome} /> },
    { head: t("opActivity.address"), minor: true, cell: (act) => act.address },
    {
      head: t("opActivity.trace"),
      minor: true,
      cell: (act) => <EventsLink id={act.correlation_id} />,
    },
  ];
  return (
    <PagedTable
      label={t("nav.activity")}
      query={useActivity(filter)}
      rowKey={(act) => act.correlation_id}
      columns={columns}
      empty={
        <Empty
          icon={<IconClipboardList size={22} />}
          title={t("opActivity.empty")}
          text={t("opActivity.emptyText")}
        />
      }
    />
  );
}

function Outcome({ outcome }: { outcome: string | null }) {
  const { t } = useTranslation();
  if (outcome === "done") return <StateBadge mood="good">{t("opActivity.done")}</StateBadge>;
  if (outcome === null) return <StateBadge mood="waiting">{t("opActivity.interrupted")}</StateBadge>;
  return (
    <>
      <StateBadge mood="bad">{t("opActivity.refused")}</StateBadge>{" "}
      <Text span size="xs" c="var(--quiet)">
        {outcome}
      </Text>
    </>
  );
}
