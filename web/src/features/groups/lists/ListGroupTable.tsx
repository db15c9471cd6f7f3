import { Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { GroupListView } from "../../../api/schema";
import { CopyText } from "../../../ui/CopyText";
import { type Column, DataTable } from "../../../ui/DataTable";
import { SearchField } from "../../../ui/SearchField";
import { StateBadge } from "../../../ui/StateBadge";
import { GroupMenu } from "../GroupMenu";
import { OptionBadges } from "../OptionBadges";
import { useOptionOfList } from "../useGroupActs";

const STEP = 100;

/** The groups of a list, and what differs for each, for all adbots that use it. */
export function ListGroupTable({ list }: { list: GroupListView }) {
  const { t } = useTranslation();
  const setting = useOptionOfList(list.id);
  const [text, setText] = useState("");
  const [most, setMost] = useState(STEP);
  const found = list.groups.filter((group) => group.toLowerCase().includes(text.toLowerCase()));
  const blocked = new Set(list.blocked_groups);
  const optionOf = (group: string) => list.group_options.find((one) => one.group === group) ?? null;

  const columns: Column<string>[] = [
    { head: t("groups.group"), cell: (group) => <CopyText value={group} /> },
    {
      head: t("groupLists.differs"),
      cell: (group) =>
        blocked.has(group) ? (
          <StateBadge mood="bad">{t("groupLists.blocked")}</StateBadge>
        ) : (
          <OptionBadges option={optionOf(group)} otherwise={t("common.none")} />
        ),
    },
    {
      head: t("groups.actions"),
      cell: (group) => <GroupMenu group={group} option={optionOf(group)} setting={setting} />,
    },
  ];
  return (
    <Stack gap="md">
      <SearchField label={t("groups.search")} value={text} onSearch={setText} />
      {found.length === 0 ? (
        <Text c="var(--quiet)">{t("groups.noMatch")}</Text>
      ) : (
        <DataTable
          label={t("groupLists.groups")}
          rows={found.slice(0, most)}
          rowKey={(group) => group}
          columns={columns}
        />
      )}
      {found.length > most && (
        <Button variant="default" onClick={() => setMost(most + STEP)}>
          {t("common.more")}
        </Button>
      )}
    </Stack>
  );
}
