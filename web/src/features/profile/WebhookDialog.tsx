import { Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { fieldErrors } from "../../api/problem";
import type { WebhookBody } from "../../api/schema";
import { Dialog } from "../../ui/Dialog";
import { DialogButtons } from "../../ui/FormButtons";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { SecretOnce } from "../../ui/SecretOnce";
import { EventChoice } from "./EventChoice";

type Props = {
  title: string;
  wish: WebhookBody;
  pending: boolean;
  error: unknown;
  /** Of a webhook that was added; shown once. */
  secret?: string | undefined;
  onSubmit: (wish: WebhookBody) => void;
  onClose: () => void;
};

/** Asks for a webhook's address and events; then shows its secret, if it is a new one. */
export function WebhookDialog({ title, wish, pending, error, secret, onSubmit, onClose }: Props) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: wish });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form is another object each time
  useEffect(() => {
    if (error !== null) form.setErrors(fieldErrors(error));
  }, [error]);
  return (
    <Dialog
      title={title}
      size="lg"
      closedBy={secret === undefined && !pending ? "keys" : "nothing"}
      onClose={onClose}
    >
      {secret !== undefined ? (
        <SecretOnce name={t("webhooks.secret")} secret={secret} help={t("webhooks.once")} onDone={onClose} />
      ) : (
        <form onSubmit={form.onSubmit(onSubmit)}>
          <Stack gap="md">
            <TextInput
              required
              data-autofocus
              type="url"
              label={t("webhooks.url")}
              description={t("webhooks.urlHelp")}
              {...form.getInputProps("url")}
            />
            <TextInput
              maxLength={200}
              label={t("webhooks.description")}
              description={t("webhooks.descriptionHelp")}
              {...form.getInputProps("description")}
            />
            <EventChoice
              chosen={form.values.events}
              onChange={(events) => form.setFieldValue("events", events)}
            />
            {error !== null && <ProblemNotice error={error} />}
            <DialogButtons
              act={title}
              pending={pending}
              disabled={form.values.events.length === 0}
              held={pending}
              onCancel={onClose}
            />
          </Stack>
        </form>
      )}
    </Dialog>
  );
}
