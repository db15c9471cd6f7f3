import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { AllGroupLists } from "../features/groups/lists/AllGroupLists";
import { NewListForm } from "../features/groups/lists/NewListForm";
import { OneGroupList } from "../features/groups/lists/OneGroupList";
import { Page } from "../ui/Page";

export const GroupListsPage = AllGroupLists;

export function NewGroupListPage() {
  const { t } = useTranslation();
  return (
    <Page title={t("groupLists.new")} about={t("groupLists.about")}>
      <NewListForm />
    </Page>
  );
}

export function GroupListPage() {
  const { list = "" } = useParams({ strict: false });
  return <OneGroupList key={list} list={list} />;
}
