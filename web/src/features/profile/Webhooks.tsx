import { Button, Group, Stack, Text } from "@mantine/core";
import { IconWebhook } from "@tabler/icons-react";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { WebhookView } from "../../api/schema";
import { useWebhooks } from "../../api/webhooks";
import { type Column, DataTable } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { MissingPage } from "../../ui/MissingPage";
import { RowLink } from "../../ui/RowLink";
import { When } from "../../ui/When";
import { AddWebhook } from "./AddWebhook";
import { WebhookDetails } from "./WebhookDetails";
import { WebhookState } from "./WebhookState";

/** The addresses that are told what happens; one of them with its messages, if the address of the page names it. */
export function Webhooks() {
  const { webhook } = useSearch({ from: "/client/profile" });
  const [adding, setAdding] = useState(false);
  return (
    <Stack gap="md">
      <Loaded query={useWebhooks()}>
        {({ items }) => {
          const one = items.find(({ id }) => id === webhook);
          if (one !== undefined) return <WebhookDetails key={one.id} webhook={one} />;
          if (webhook !== undefined) return <MissingPage />;
          return <WebhookList webhooks={items} onAdd={() => setAdding(true)} />;
        }}
      </Loaded>
      {adding && <AddWebhook onClose={() => setAdding(false)} />}
    </Stack>
  );
}

function WebhookList({ webhooks, onAdd }: { webhooks: WebhookView[]; onAdd: () => void }) {
  const { t } = useTranslation();
  const columns: Column<WebhookView>[] = [
    {
      head: t("webhooks.url"),
      cell: (one) => (
        <RowLink to="/profile" search={{ tab: "webhooks", webhook: one.id }}>
          {one.url}
        </RowLink>
      ),
    },
    { head: t("webhooks.state"), cell: (one) => <WebhookState webhook={one} /> },
    { head: t("webhooks.events"), number: true, cell: (one) => one.events.length },
    { head: t("webhooks.description"), minor: true, cell: (one) => one.description || t("common.none") },
    { head: t("webhooks.added"), minor: true, cell: (one) => <When at={one.added_at} /> },
  ];
  return (
    <>
      <Group justify="space-between">
        <Text c="var(--quiet)">{t("webhooks.about")}</Text>
        <Button onClick={onAdd}>{t("webhooks.add")}</Button>
      </Group>
      {webhooks.length === 0 ? (
        <Empty icon={<IconWebhook size={22} />} title={t("webhooks.empty")} text={t("webhooks.emptyText")} />
      ) : (
        <DataTable
          label={t("profile.tabs.webhooks")}
          rows={webhooks}
          rowKey={(one) => one.id}
          columns={columns}
        />
      )}
    </>
  );
}
