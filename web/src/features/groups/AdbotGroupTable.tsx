import { Button } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSeveralLists } from "../../api/group-lists";
import { type GroupFilter, useAdbotGroups } from "../../api/groups";
import type { AdbotState, GroupFigures, GroupState } from "../../api/schema";
import { useAdbotSearch } from "../../routing/adbot-search";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { PagedTable } from "../../ui/PagedTable";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { type Mood, StateBadge } from "../../ui/StateBadge";
import { When } from "../../ui/When";
import { AdbotGroupMenu } from "./AdbotGroupMenu";
import { GroupName } from "./GroupName";
import { originOf } from "./group-options";
import { LastResult } from "./LastResult";
import { RemoveGroup } from "./RemoveGroup";
import { useOptionOfAdbot } from "./useGroupActs";

const MOODS: Record<GroupState, Mood> = {
  delivered: "good",
  refused: "bad",
  left_out: "waiting",
  not_sent: "quiet",
  waiting: "quiet",
};

/** An adbot's groups: what each received or refused, why, and what can be done. */
export function AdbotGroupTable({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const [{ state, text }, change] = useAdbotSearch();
  const filter: GroupFilter = { ...(state ? { state } : {}), ...(text ? { text } : {}) };
  const query = useAdbotGroups(adbot.id, filter);
  const { lists, error } = useSeveralLists(adbot.advertisement?.lists ?? []);
  const setting = useOptionOfAdbot(adbot.id);
  const [removed, setRemoved] = useState<string | null>(null);

  const columns: Column<GroupFigures>[] = [
    {
      head: t("groups.group"),
      cell: ({ group }) => <GroupName group={group} origin={originOf(adbot, lists, group)} />,
    },
    {
      head: t("groups.state"),
      cell: (group) => <StateBadge mood={MOODS[group.state]}>{t(`groups.state_${group.state}`)}</StateBadge>,
    },
    { head: t("groups.why"), cell: (group) => <LastResult group={group} adbot={adbot} /> },
    {
      head: t("groups.sent"),
      number: true,
      minor: true,
      cell: (group) => group.successes,
    },
    {
      head: t("groups.failed"),
      number: true,
      minor: true,
      cell: (group) => group.posts - group.successes,
    },
    { head: t("groups.last"), minor: true, cell: (group) => <When at={group.last_delivered} /> },
    {
      head: t("groups.actions"),
      cell: (group) => (
        <AdbotGroupMenu
          adbot={adbot}
          figures={group}
          origin={originOf(adbot, lists, group.group)}
          setting={setting}
          onRemove={setRemoved}
        />
      ),
    },
  ];
  const narrowed = state !== undefined || text !== undefined;
  return (
    <>
      {error !== null && <ProblemNotice error={error} />}
      <PagedTable
        label={t("adbot.tabs.groups")}
        query={query}
        rowKey={(group) => group.group}
        columns={columns}
        empty={
          <Empty
            icon={<IconUsersGroup size={22} />}
            title={t(narrowed ? "groups.noMatch" : "groups.empty")}
            text={t(narrowed ? "groups.noMatchText" : "groups.emptyText")}
            action={
              narrowed ? (
                <Button variant="default" onClick={() => change({ state: undefined, text: undefined })}>
                  {t("groups.showAll")}
                </Button>
              ) : undefined
            }
          />
        }
      />
      {removed !== null && <RemoveGroup adbot={adbot} group={removed} onClose={() => setRemoved(null)} />}
    </>
  );
}
