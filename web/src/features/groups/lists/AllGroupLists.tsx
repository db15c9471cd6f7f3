import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Page } from "../../../ui/Page";
import { GroupListTable } from "./GroupListTable";
import { NewListLink } from "./links";

/** The page of all group lists of an account. */
export function AllGroupLists() {
  const { t } = useTranslation();
  return (
    <Page
      title={t("groupLists.title")}
      about={t("groupLists.about")}
      action={
        <Button leftSection={<IconPlus size={16} />} renderRoot={(props) => <NewListLink {...props} />}>
          {t("groupLists.make")}
        </Button>
      }
    >
      <GroupListTable />
    </Page>
  );
}
