import { Select, Stack } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useGroups } from "../../api/adbots";
import type { GroupFigures, GroupState } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { PagedTable } from "../../ui/PagedTable";
import { type Mood, StateBadge } from "../../ui/StateBadge";
import { When } from "../../ui/When";

const MOODS: Record<GroupState, Mood> = {
  delivered: "good",
  refused: "bad",
  left_out: "waiting",
  not_sent: "quiet",
  waiting: "quiet",
};

/** An adbot's groups with what they received and refused. */
export function GroupTable({ adbot }: { adbot: string }) {
  const { t } = useTranslation();
  const [state, setState] = useState<GroupState | null>(null);
  const query = useGroups(adbot, state);
  const columns: Column<GroupFigures>[] = [
    { head: t("groups.group"), cell: (group) => <CopyText value={group.group} /> },
    {
      head: t("groups.state"),
      cell: (group) => <StateBadge mood={MOODS[group.state]}>{t(`groups.state_${group.state}`)}</StateBadge>,
    },
    { head: t("groups.sent"), number: true, cell: (group) => group.successes },
    { head: t("groups.failed"), number: true, cell: (group) => group.posts - group.successes },
    { head: t("groups.last"), cell: (group) => <When at={group.last_delivered} /> },
  ];
  return (
    <Stack gap="md">
      <Select
        clearable
        size="xs"
        maw={200}
        aria-label={t("groups.filter")}
        placeholder={t("groups.filter")}
        data={Object.keys(MOODS).map((value) => ({ value, label: t(`groups.state_${value as GroupState}`) }))}
        value={state}
        onChange={(value) => setState(value as GroupState | null)}
      />
      <PagedTable
        label={t("adbot.tabs.groups")}
        query={query}
        rowKey={(group) => group.group}
        columns={columns}
        empty={
          <Empty icon={<IconUsersGroup size={22} />} title={t("groups.empty")} text={t("groups.emptyText")} />
        }
      />
    </Stack>
  );
}
