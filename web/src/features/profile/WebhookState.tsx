import { useTranslation } from "react-i18next";
import type { WebhookView } from "../../api/schema";
import { StateBadge } from "../../ui/StateBadge";

/** Whether a webhook is told what happens, and if not, why. */
export function WebhookState({ webhook }: { webhook: WebhookView }) {
  const { t } = useTranslation();
  if (webhook.on) return <StateBadge mood="good">{t("webhooks.on")}</StateBadge>;
  const why = webhook.off_reason ?? "by_owner";
  return <StateBadge mood={why === "by_owner" ? "quiet" : "bad"}>{t(`webhookOff.${why}`)}</StateBadge>;
}
