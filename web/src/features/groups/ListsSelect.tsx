import { MultiSelect } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useEveryList } from "../../api/group-lists";
import type { GroupListLine } from "../../api/schema";
import { Loaded } from "../../ui/Loaded";

const MOST = 20;

type Props = { value: string[]; onChange: (lists: string[]) => void };

/** The group lists that an adbot sends to as well; nothing for an account that has none. */
export function ListsSelect(props: Props) {
  const query = useEveryList();
  return (
    <Loaded query={query} rows={1}>
      {({ items }) => <Choice lists={items} {...props} />}
    </Loaded>
  );
}

function Choice({ lists, value, onChange }: Props & { lists: GroupListLine[] }) {
  const { t } = useTranslation();
  const known = new Set(lists.map((list) => list.id));
  const deleted = value.filter((list) => !known.has(list));
  if (lists.length === 0 && value.length === 0) return null;
  return (
    <MultiSelect
      searchable
      clearable
      label={t("adbotGroups.lists")}
      description={t("adbotGroups.listsHelp")}
      nothingFoundMessage={t("adbotGroups.noList")}
      maxValues={MOST}
      data={[
        ...lists.map((list) => ({
          value: list.id,
          label: t("adbotGroups.list", { name: list.name, count: list.group_count }),
        })),
        ...deleted.map((value) => ({ value, label: t("adbotGroups.deletedList") })),
      ]}
      value={value}
      onChange={onChange}
    />
  );
}
