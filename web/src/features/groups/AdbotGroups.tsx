import { Alert, Button, Group, Stack } from "@mantine/core";
import { IconMessagePlus, IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAdbotScope } from "../../api/adbot-scope";
import { ListOwnerContext } from "../../api/list-scope";
import type { AdbotState, AdminAdbot } from "../../api/schema";
import { useAdbotSearch } from "../../routing/adbot-search";
import { Empty } from "../../ui/Empty";
import { AdbotGroupsForm } from "./AdbotGroupsForm";
import { AdbotGroupTable } from "./AdbotGroupTable";
import { GroupExport } from "./GroupExport";
import { GroupSearch, StateFilter } from "./GroupFilters";

/** The groups of an adbot: what came of each, what differs for it, and which there are. */
export function AdbotGroups({ adbot }: { adbot: AdbotState | AdminAdbot }) {
  const any = useAdbotScope() === "any";
  return (
    <ListOwnerContext value={any && "account" in adbot ? adbot.account : null}>
      <Groups adbot={adbot} />
    </ListOwnerContext>
  );
}

function Groups({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const [, change] = useAdbotSearch();
  const [editing, setEditing] = useState(false);
  const set = adbot.advertisement;
  const none = set !== null && set.groups.length === 0 && set.lists.length === 0;
  // what is being written stays, also if another device sets groups meanwhile
  if (none && !editing) setEditing(true);
  if (set === null) {
    return (
      <Empty
        icon={<IconMessagePlus size={22} />}
        title={t("adbotGroups.noPost")}
        text={t("adbotGroups.noPostText")}
        action={<Button onClick={() => change({ tab: "post" })}>{t("adbotGroups.toPost")}</Button>}
      />
    );
  }
  if (none || editing) {
    const close = () => setEditing(false);
    return <AdbotGroupsForm adbot={adbot} onDone={close} onCancel={none ? undefined : close} />;
  }
  return (
    <Stack gap="md">
      {adbot.blocked_groups.length > 0 && (
        <Alert color="yellow" variant="light" title={t("adbotGroups.blocked")}>
          {t("adbotGroups.blockedText", { groups: adbot.blocked_groups.join(", ") })}
        </Alert>
      )}
      <Group justify="space-between" gap="sm">
        <GroupSearch />
        <Group gap="xs">
          <GroupExport adbot={adbot} />
          <Button size="xs" leftSection={<IconPencil size={14} />} onClick={() => setEditing(true)}>
            {t("adbotGroups.edit")}
          </Button>
        </Group>
      </Group>
      <StateFilter />
      <AdbotGroupTable adbot={adbot} />
    </Stack>
  );
}
