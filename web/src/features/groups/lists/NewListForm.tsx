import { Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMakeList } from "../../../api/group-lists";
import { fieldErrors } from "../../../api/problem";
import { FormButtons } from "../../../ui/FormButtons";
import { ProblemNotice } from "../../../ui/ProblemNotice";
import { UnsavedWarning } from "../../../ui/UnsavedWarning";
import { GroupsField } from "../GroupsField";
import { useGroupsText } from "../useGroupsText";
import { useGoToList } from "./useGoToList";

/** Makes a group list of what is written, pasted, or in a file. */
export function NewListForm() {
  const { t } = useTranslation();
  const make = useMakeList();
  const go = useGoToList();
  const field = useGroupsText("");
  const [name, setName] = useState("");
  const nameError = fieldErrors(make.error).name;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    field.unmark();
    make.mutate({ name, groups: field.texts }, { onSuccess: (list) => go(list.id), onError: field.mark });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={840}>
        <TextInput
          required
          maxLength={100}
          label={t("groupLists.name")}
          description={t("groupLists.nameHelp")}
          error={nameError}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <GroupsField
          field={field}
          label={t("groupLists.groups")}
          description={t("groupsField.help")}
          most={null}
        />
        {make.error !== null && field.bad.length === 0 && nameError === undefined && (
          <ProblemNotice error={make.error} />
        )}
        <UnsavedWarning unsaved={name !== "" || field.isChanged} />
        <FormButtons
          act={t("groupLists.make")}
          pending={make.isPending}
          disabled={field.texts.length === 0 || name.trim() === ""}
          onCancel={() => go(null)}
        />
      </Stack>
    </form>
  );
}
