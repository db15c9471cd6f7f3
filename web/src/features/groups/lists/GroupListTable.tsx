import { Button } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useGroupLists } from "../../../api/group-lists";
import { useListOwner } from "../../../api/list-scope";
import type { GroupListLine } from "../../../api/schema";
import type { Column } from "../../../ui/DataTable";
import { Empty } from "../../../ui/Empty";
import { PagedTable } from "../../../ui/PagedTable";
import { When } from "../../../ui/When";
import { ListLink, NewListLink } from "./links";

/** The group lists of an account; without one, what they are for. */
export function GroupListTable() {
  const { t } = useTranslation();
  const own = useListOwner() === null;
  const columns: Column<GroupListLine>[] = [
    { head: t("groupLists.name"), cell: (list) => <ListLink list={list.id}>{list.name}</ListLink> },
    {
      head: t("groupLists.groups"),
      number: true,
      cell: (list) => list.group_count,
    },
    {
      head: t("groupLists.adbots"),
      number: true,
      cell: (list) => list.adbots.length,
    },
    { head: t("groupLists.changed"), minor: true, cell: (list) => <When at={list.changed_at} /> },
  ];
  return (
    <PagedTable
      label={t("groupLists.title")}
      query={useGroupLists()}
      rowKey={(list) => list.id}
      columns={columns}
      empty={
        <Empty
          icon={<IconListDetails size={22} />}
          title={t(own ? "groupLists.empty" : "opAccount.noLists")}
          text={t("groupLists.emptyText")}
          action={<Button renderRoot={(props) => <NewListLink {...props} />}>{t("groupLists.make")}</Button>}
        />
      }
    />
  );
}
