import { Button, Group } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useGroupList } from "../../../api/group-lists";
import { isMissing } from "../../../api/problem";
import type { GroupListView } from "../../../api/schema";
import { Loaded } from "../../../ui/Loaded";
import { MissingPage } from "../../../ui/MissingPage";
import { Page } from "../../../ui/Page";
import { ListGroupsForm } from "./ListGroupsForm";
import { ListGroupTable } from "./ListGroupTable";
import { ListMenu } from "./ListMenu";
import { ListUses } from "./ListUses";

/** The page of one group list. */
export function OneGroupList({ list }: { list: string }) {
  const query = useGroupList(list);
  if (isMissing(query.error)) return <MissingPage />;
  return <Loaded query={query}>{(found) => <ListView list={found} />}</Loaded>;
}

function ListView({ list }: { list: GroupListView }) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState(false);
  return (
    <Page
      title={list.name}
      about={<ListUses list={list} />}
      action={
        <Group gap="xs">
          {!editing && (
            <Button leftSection={<IconPencil size={16} />} onClick={() => setEditing(true)}>
              {t("adbotGroups.edit")}
            </Button>
          )}
          <ListMenu list={list} />
        </Group>
      }
    >
      {editing ? (
        <ListGroupsForm list={list} onDone={() => setEditing(false)} />
      ) : (
        <ListGroupTable list={list} />
      )}
    </Page>
  );
}
