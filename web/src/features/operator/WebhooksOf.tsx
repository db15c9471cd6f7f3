import { Accordion, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { switchWebhookOff, useDeliveriesOf, useWebhooksOf } from "../../api/operator-accounts";
import type { WebhookDelivery, WebhookView } from "../../api/schema";
import { ActButton } from "../../ui/acts/ActButton";
import type { Column } from "../../ui/DataTable";
import { Loaded } from "../../ui/Loaded";
import { PagedTable } from "../../ui/PagedTable";
import { StateBadge } from "../../ui/StateBadge";
import { When } from "../../ui/When";
import { DeliveryStateBadge } from "../profile/DeliveryStateBadge";
import classes from "./operator.module.css";

/** The webhooks of an account; each opens to the messages that were sent to it. */
export function WebhooksOf({ account }: { account: string }) {
  const { t } = useTranslation();
  return (
    <Loaded query={useWebhooksOf(account)} rows={2}>
      {({ items }) =>
        items.length === 0 ? (
          <Text c="var(--quiet)">{t("opAccount.noWebhooks")}</Text>
        ) : (
          <Accordion variant="separated" transitionDuration={100} keepMounted={false}>
            {items.map((one) => (
              <Accordion.Item key={one.id} value={one.id}>
                <Accordion.Control>
                  <WebhookLine webhook={one} />
                </Accordion.Control>
                <Accordion.Panel>
                  <Stack gap="md" align="flex-start">
                    {one.on && <SwitchOff account={account} webhook={one} />}
                    <Deliveries account={account} webhook={one.id} />
                  </Stack>
                </Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
        )
      }
    </Loaded>
  );
}

function WebhookLine({ webhook }: { webhook: WebhookView }) {
  const { t } = useTranslation();
  return (
    <Stack gap={2}>
      <Group gap="sm">
        <StateBadge mood={webhook.on ? "good" : "bad"}>
          {webhook.on ? t("opAccount.on") : t("opAccount.off")}
        </StateBadge>
        <Text size="sm" ff="monospace" className={classes.anywhere}>
          {webhook.url}
        </Text>
      </Group>
      <Text size="xs" c="var(--quiet)">
        {webhook.events.join(", ")}
        {webhook.off_detail !== "" && ` · ${webhook.off_detail}`}
      </Text>
    </Stack>
  );
}

function SwitchOff({ account, webhook }: { account: string; webhook: WebhookView }) {
  const { t } = useTranslation();
  return (
    <ActButton
      size="compact-sm"
      act={{
        title: t("accountAct.webhook.title"),
        consequence: t("accountAct.webhook.consequence", { name: webhook.url }),
        danger: true,
        reason: true,
        run: (reason) => switchWebhookOff(account, webhook.id, reason),
      }}
    />
  );
}

function Deliveries({ account, webhook }: { account: string; webhook: string }) {
  const { t } = useTranslation();
  const columns: Column<WebhookDelivery>[] = [
    { head: t("opAccount.message"), cell: (one) => one.type },
    {
      head: t("accounts.state"),
      cell: (one) => <DeliveryStateBadge state={one.state} />,
    },
    { head: t("opAccount.attempts"), number: true, cell: (one) => one.attempts },
    {
      head: t("opAccount.answer"),
      cell: (one) => one.last_error ?? one.last_status ?? t("common.none"),
    },
    { head: t("opAccount.at"), cell: (one) => <When at={one.last_attempt_at ?? one.created_at} /> },
  ];
  return (
    <PagedTable
      label={t("opAccount.messages")}
      query={useDeliveriesOf(account, webhook)}
      rowKey={(one) => one.id}
      columns={columns}
      empty={<Text c="var(--quiet)">{t("opAccount.noMessages")}</Text>}
    />
  );
}
