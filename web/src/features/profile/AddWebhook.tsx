import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { addWebhook } from "../../api/webhooks";
import { WebhookDialog } from "./WebhookDialog";

/** Adds a webhook, and shows its secret once. */
export function AddWebhook({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const add = useMutation({ mutationFn: addWebhook, gcTime: 0 });
  return (
    <WebhookDialog
      title={t("webhooks.add")}
      wish={{ url: "", events: [], description: "" }}
      pending={add.isPending}
      error={add.error}
      secret={add.data?.secret}
      onSubmit={add.mutate}
      onClose={onClose}
    />
  );
}
