import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { WebhookBody, WebhookView } from "../../api/schema";
import { changeWebhook } from "../../api/webhooks";
import { WebhookDialog } from "./WebhookDialog";

/** Changes where a webhook leads, and of what it is told. */
export function ChangeWebhook({ webhook, onClose }: { webhook: WebhookView; onClose: () => void }) {
  const { t } = useTranslation();
  const change = useMutation({
    mutationFn: (wish: WebhookBody) => changeWebhook(webhook.id, wish),
    onSuccess: onClose,
  });
  const { url, events, description } = webhook;
  return (
    <WebhookDialog
      title={t("webhooks.save")}
      wish={{ url, events, description }}
      pending={change.isPending}
      error={change.error}
      onSubmit={change.mutate}
      onClose={onClose}
    />
  );
}
