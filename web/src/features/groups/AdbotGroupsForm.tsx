import { Stack } from "@mantine/core";
import type { FormEvent } from "react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSetGroups } from "../../api/groups";
import type { AdbotState } from "../../api/schema";
import { FormButtons } from "../../ui/FormButtons";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { UnsavedWarning } from "../../ui/UnsavedWarning";
import { useSaying } from "../../ui/useSaying";
import { GroupsField } from "./GroupsField";
import { isKept } from "./group-options";
import { ListsSelect } from "./ListsSelect";
import { useGroupsText } from "./useGroupsText";

type Props = { adbot: AdbotState; onDone: () => void; onCancel?: (() => void) | undefined };

/** Sets the groups of an adbot that has a post: its own ones, and the lists that it uses. */
export function AdbotGroupsForm({ adbot, onDone, onCancel }: Props) {
  const { t } = useTranslation();
  const say = useSaying();
  const save = useSetGroups(adbot.id);
  const field = useGroupsText(adbot.advertisement?.groups.join("\n") ?? "");
  const [before] = useState<string[]>(adbot.advertisement?.lists ?? []);
  const [lists, setLists] = useState(before);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    field.unmark();
    const keeps = (group: string, inLists: ReadonlySet<string>) => isKept(group, field.texts, inLists);
    save.mutate(
      { groups: field.texts, lists, keeps },
      {
        onSuccess: () => {
          say(t("adbotGroups.saved"));
          onDone();
        },
        onError: field.mark,
      },
    );
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={840}>
        <GroupsField
          field={field}
          label={t("adbotGroups.own")}
          description={t("groupsField.help")}
          most={adbot.plan.max_groups}
        />
        <ListsSelect value={lists} onChange={setLists} />
        {save.error !== null && field.bad.length === 0 && <ProblemNotice error={save.error} />}
        <UnsavedWarning unsaved={field.isChanged || lists !== before} />
        <FormButtons
          act={t("adbotGroups.save")}
          pending={save.isPending}
          disabled={field.texts.length + lists.length === 0}
          onCancel={onCancel}
        />
      </Stack>
    </form>
  );
}
