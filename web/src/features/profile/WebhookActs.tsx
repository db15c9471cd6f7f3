import { Button, Group, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { WebhookView } from "../../api/schema";
import { deleteWebhook, rotateSecret, switchWebhook, testWebhook, webhooksChanged } from "../../api/webhooks";
import { ActDialog } from "../../ui/acts/ActDialog";
import type { Act } from "../../ui/acts/act";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { useStillShown } from "../../ui/useStillShown";
import { ChangeWebhook } from "./ChangeWebhook";
import { WebhookTestResult } from "./WebhookTestResult";

type Asked = "change" | "rotate" | "off" | "delete";

/** What can be done with a webhook. */
export function WebhookActs({ webhook }: { webhook: WebhookView }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Asked | null>(null);
  const test = useMutation({ mutationFn: () => testWebhook(webhook.id) });
  const turnOn = useMutation({ mutationFn: () => switchWebhook(webhook.id, "on") });
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          {t("webhooks.test")}
        </Button>
        <Button variant="default" onClick={() => setAsked("change")}>
          {t("webhooks.change")}
        </Button>
        <Button variant="default" onClick={() => setAsked("rotate")}>
          {t("webhooks.rotate")}
        </Button>
        {webhook.on ? (
          <Button variant="default" onClick={() => setAsked("off")}>
            {t("webhooks.turnOff")}
          </Button>
        ) : (
          <Button variant="default" loading={turnOn.isPending} onClick={() => turnOn.mutate()}>
            {t("webhooks.turnOn")}
          </Button>
        )}
        <Button variant="default" c="var(--mantine-color-error)" onClick={() => setAsked("delete")}>
          {t("webhooks.delete")}
        </Button>
      </Group>
      {test.error !== null && <ProblemNotice error={test.error} />}
      {turnOn.error !== null && !webhook.on && <ProblemNotice error={turnOn.error} />}
      {test.data !== undefined && !test.isPending && <WebhookTestResult result={test.data} />}
      <Asking asked={asked} webhook={webhook} onClose={() => setAsked(null)} />
    </Stack>
  );
}

type AskingProps = { asked: Asked | null; webhook: WebhookView; onClose: () => void };

function Asking({ asked, webhook, onClose }: AskingProps): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const isShown = useStillShown();
  const named = { url: webhook.url };
  const remove = async () => {
    await deleteWebhook(webhook.id);
    if (isShown()) await navigate({ to: "/profile", search: { tab: "webhooks" } });
    await webhooksChanged();
  };
  const rotate: Act = {
    title: t("webhooks.rotate"),
    consequence: t("webhooks.rotateConsequence", named),
    secret: { name: t("webhooks.secret"), help: t("webhooks.once") },
    run: () => rotateSecret(webhook.id),
  };
  const turnOff: Act = {
    title: t("webhooks.turnOff"),
    consequence: t("webhooks.offConsequence", named),
    run: () => switchWebhook(webhook.id, "off"),
  };
  const removal: Act = {
    title: t("webhooks.delete"),
    consequence: t("webhooks.deleteConsequence", named),
    danger: true,
    run: remove,
  };
  switch (asked) {
    case null:
      return null;
    case "change":
      return <ChangeWebhook webhook={webhook} onClose={onClose} />;
    case "rotate":
      return <ActDialog act={rotate} onClose={onClose} />;
    case "off":
      return <ActDialog act={turnOff} onClose={onClose} />;
    case "delete":
      return <ActDialog act={removal} onClose={onClose} />;
  }
}
