import { Stack } from "@mantine/core";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSetGroupsOfList } from "../../../api/group-lists";
import type { GroupListView } from "../../../api/schema";
import { FormButtons } from "../../../ui/FormButtons";
import { ProblemNotice } from "../../../ui/ProblemNotice";
import { UnsavedWarning } from "../../../ui/UnsavedWarning";
import { useSaying } from "../../../ui/useSaying";
import { GroupsField } from "../GroupsField";
import { useGroupsText } from "../useGroupsText";

/** Changes the groups of a list; those that stay keep what differs for them. */
export function ListGroupsForm({ list, onDone }: { list: GroupListView; onDone: () => void }) {
  const { t } = useTranslation();
  const say = useSaying();
  const save = useSetGroupsOfList(list.id);
  const field = useGroupsText(list.groups.join("\n"));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    field.unmark();
    const done = () => {
      say(t("groupLists.saved", { count: list.adbots.length }));
      onDone();
    };
    save.mutate(field.texts, { onSuccess: done, onError: field.mark });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={840}>
        <GroupsField
          field={field}
          label={t("groupLists.groups")}
          description={t("groupsField.help")}
          most={null}
        />
        {save.error !== null && field.bad.length === 0 && <ProblemNotice error={save.error} />}
        <UnsavedWarning unsaved={field.isChanged} />
        <FormButtons
          act={t("adbotGroups.save")}
          pending={save.isPending}
          disabled={field.texts.length === 0}
          onCancel={onDone}
        />
      </Stack>
    </form>
  );
}
