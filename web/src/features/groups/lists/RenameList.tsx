import { Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useRenameList } from "../../../api/group-lists";
import { fieldErrors } from "../../../api/problem";
import type { GroupListView } from "../../../api/schema";
import { Dialog } from "../../../ui/Dialog";
import { DialogButtons } from "../../../ui/FormButtons";
import { ProblemNotice } from "../../../ui/ProblemNotice";

/** Gives a list another name; its groups stay. */
export function RenameList({ list, onClose }: { list: GroupListView; onClose: () => void }) {
  const { t } = useTranslation();
  const save = useRenameList(list.id);
  const [name, setName] = useState(list.name);
  const nameError = fieldErrors(save.error).name;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(name, { onSuccess: onClose });
  };
  return (
    <Dialog title={t("groupLists.rename")} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            required
            data-autofocus
            maxLength={100}
            label={t("groupLists.name")}
            error={nameError}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {save.error !== null && nameError === undefined && <ProblemNotice error={save.error} />}
          <DialogButtons
            act={t("groupLists.rename")}
            pending={save.isPending}
            disabled={name.trim() === ""}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Dialog>
  );
}
