import { Alert, Anchor, Card, Stack, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { WebhookView } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import { Fact, Facts } from "../../ui/Facts";
import { When } from "../../ui/When";
import { WebhookActs } from "./WebhookActs";
import { WebhookDeliveries } from "./WebhookDeliveries";
import { WebhookState } from "./WebhookState";

/** A webhook: where it leads, of what it is told, and the messages that were sent to it. */
export function WebhookDetails({ webhook }: { webhook: WebhookView }) {
  const { t } = useTranslation();
  return (
    <Stack gap="lg">
      <Anchor
        size="sm"
        renderRoot={(props) => <Link to="/profile" search={{ tab: "webhooks" }} {...props} />}
      >
        <IconArrowLeft size={14} /> {t("webhooks.back")}
      </Anchor>
      <Card>
        <Stack gap="md">
          <Facts>
            <Fact name={t("webhooks.url")}>
              <CopyText value={webhook.url} />
            </Fact>
            <Fact name={t("webhooks.state")}>
              <WebhookState webhook={webhook} />
            </Fact>
            {webhook.description !== "" && (
              <Fact name={t("webhooks.description")}>{webhook.description}</Fact>
            )}
            <Fact name={t("webhooks.added")}>
              <When at={webhook.added_at} />
            </Fact>
            <Fact name={t("webhooks.events")}>{webhook.events.join(", ")}</Fact>
          </Facts>
          {webhook.off_detail !== "" && <Alert color="yellow">{webhook.off_detail}</Alert>}
          <WebhookActs webhook={webhook} />
        </Stack>
      </Card>
      <Stack gap="md" component="section">
        <Title order={2}>{t("webhooks.deliveries")}</Title>
        <WebhookDeliveries webhook={webhook.id} />
      </Stack>
    </Stack>
  );
}
