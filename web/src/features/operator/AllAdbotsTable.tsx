import { Text } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AdminAdbot } from "../../api/schema";
import type { Column } from "../../ui/DataTable";
import { Id } from "../../ui/Id";
import { PagedTable } from "../../ui/PagedTable";
import { RowLink } from "../../ui/RowLink";
import { whole } from "../../ui/size";
import { When } from "../../ui/When";
import { AdbotStateBadge } from "../adbots/AdbotStateBadge";
import { AccountLink } from "./AccountLink";

type Props = {
  query: UseInfiniteQueryResult<InfiniteData<{ items: AdminAdbot[] }>>;
  empty: ReactNode;
};

/** Adbots of any account. */
export function AllAdbotsTable({ query, empty }: Props) {
  const { t } = useTranslation();
  const groupsOf = ({ advertisement: set }: AdminAdbot) => {
    const lists = set?.lists.length ?? 0;
    const own = whole(set?.groups.length ?? 0);
    return lists === 0 ? own : t("opAdbots.andLists", { count: lists, own });
  };
  const columns: Column<AdminAdbot>[] = [
    {
      head: t("opAdbots.plan"),
      cell: (adbot) => (
        <RowLink to="/operator/adbots/$adbot" params={{ adbot: adbot.id }}>
          {adbot.plan.name}
        </RowLink>
      ),
    },
    {
      head: t("opAdbots.id"),
      minor: true,
      cell: (adbot) => <Id value={adbot.id} />,
    },
    { head: t("opAdbots.state"), cell: (adbot) => <AdbotStateBadge status={adbot.status} /> },
    {
      head: t("opAdbots.seatsOf"),
      number: true,
      cell: (adbot) => (
        <Text size="sm" c={adbot.seats.awaited > 0 ? "var(--mantine-color-error)" : "inherit"}>
          {t("adbots.filled", { filled: adbot.seats.filled, all: adbot.plan.sessions })}
        </Text>
      ),
    },
    {
      head: t("operator.account"),
      minor: true,
      cell: (adbot) => <AccountLink account={adbot.account} email={null} />,
    },
    {
      head: t("opAdbots.groups"),
      number: true,
      minor: true,
      cell: (adbot) => groupsOf(adbot),
    },
    {
      head: t("opAdbots.next"),
      cell: ({ status, next_cycle_at: at }) =>
        status === "RUNNING" && at !== null ? <When at={at} /> : t("common.none"),
    },
    {
      head: t("opAdbots.until"),
      cell: ({ valid_until: at }) => (at === null ? t("adbot.notBegun") : <When at={at} />),
    },
  ];
  return (
    <PagedTable
      label={t("opAdbots.title")}
      query={query}
      rowKey={(adbot) => adbot.id}
      columns={columns}
      empty={empty}
    />
  );
}
