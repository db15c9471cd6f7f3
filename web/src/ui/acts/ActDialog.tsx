import { Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../Dialog";
import { DialogButtons } from "../FormButtons";
import { ProblemNotice } from "../ProblemNotice";
import { SecretOnce } from "../SecretOnce";
import { useSayingProblem } from "../useSaying";
import { useStillShown } from "../useStillShown";
import type { Act } from "./act";

/** Asks before an act, does it, and shows what is wrong if it is refused; no dangerous button is what is focused. */
export function ActDialog({ act, onClose }: { act: Act; onClose: () => void }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const isShown = useStillShown();
  const sayProblem = useSayingProblem();
  const run = useMutation({
    mutationFn: act.run,
    gcTime: 0,
    onError: (error) => {
      if (!isShown()) sayProblem(error);
    },
  });
  // of this call, so that an answer after this dialog closes no other one
  const closing = act.secret === undefined ? { onSuccess: onClose } : {};
  const withReason = act.reason ?? false;
  const allowed =
    (!withReason || reason.trim() !== "") && (act.typed === undefined || typed.trim() === act.typed);
  const secretIsMade = act.secret !== undefined && run.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation(); // it may stand within another form
    if (allowed && !run.isPending) run.mutate(reason.trim(), closing);
  };
  if (act.secret !== undefined && typeof run.data === "string") {
    return (
      <Dialog title={act.title} closedBy="nothing" onClose={onClose}>
        <SecretOnce {...act.secret} secret={run.data} onDone={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog title={act.title} closedBy={secretIsMade ? "nothing" : "all"} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text size="sm">{act.consequence}</Text>
          {act.fields}
          {act.typed !== undefined && (
            <TextInput
              required
              autoComplete="off"
              label={t("acts.typed", { text: act.typed })}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
          )}
          {withReason && (
            <TextInput
              required
              data-autofocus
              maxLength={500}
              label={t("operator.reason")}
              description={t("operator.reasonHelp")}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
          {run.error !== null && <ProblemNotice error={run.error} />}
          <DialogButtons
            act={act.title}
            pending={run.isPending}
            disabled={!allowed}
            danger={act.danger ?? false}
            held={secretIsMade}
            cancelFirst={!withReason}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Dialog>
  );
}
