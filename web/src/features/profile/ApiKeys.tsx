import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { revokeApiKey, useApiKeys } from "../../api/profile";
import type { ApiKeyView } from "../../api/schema";
import { ActDialog } from "../../ui/acts/ActDialog";
import { type Column, DataTable } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { When } from "../../ui/When";
import { keyName } from "./key-name";
import { MakeApiKey } from "./MakeApiKey";

/** The keys with which programs use the account. */
export function ApiKeys() {
  const { t } = useTranslation();
  const [making, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<ApiKeyView | null>(null);
  const make = <Button onClick={() => setMaking(true)}>{t("apiKeys.make")}</Button>;
  const columns: Column<ApiKeyView>[] = [
    { head: t("apiKeys.name"), cell: (one) => <KeyName apiKey={one} /> },
    { head: t("apiKeys.scopes"), cell: (one) => one.scopes.map((scope) => t(`scope.${scope}`)).join(", ") },
    {
      head: t("apiKeys.expires"),
      cell: (one) => (one.expires_at === null ? t("common.never") : <When at={one.expires_at} />),
    },
    { head: t("apiKeys.uses"), number: true, minor: true, cell: (one) => one.uses },
    { head: t("apiKeys.lastUsed"), cell: (one) => <LastUse apiKey={one} /> },
    {
      head: t("apiKeys.act"),
      cell: (one) => (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t("acts.with", { act: t("apiKeys.revoke"), name: keyName(one) })}
          onClick={() => setRevoked(one)}
        >
          {t("apiKeys.revoke")}
        </Button>
      ),
    },
  ];
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text c="var(--quiet)">{t("apiKeys.about")}</Text>
        {make}
      </Group>
      <Loaded query={useApiKeys()}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={<IconKey size={22} />} title={t("apiKeys.empty")} text={t("apiKeys.emptyText")} />
          ) : (
            <DataTable
              label={t("profile.tabs.keys")}
              rows={items}
              rowKey={(one) => one.id}
              columns={columns}
            />
          )
        }
      </Loaded>
      {making && <MakeApiKey onClose={() => setMaking(false)} />}
      {revoked !== null && (
        <ActDialog
          act={{
            title: t("apiKeys.revoke"),
            consequence: t("apiKeys.revokeConsequence", { name: keyName(revoked) }),
            danger: true,
            run: () => revokeApiKey(revoked.id),
          }}
          onClose={() => setRevoked(null)}
        />
      )}
    </Stack>
  );
}

function KeyName({ apiKey }: { apiKey: ApiKeyView }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <Text size="sm" fw={500}>
        {apiKey.name}
      </Text>
      {apiKey.expired && <Badge color="gray">{t("apiKeys.expired")}</Badge>}
    </Group>
  );
}

function LastUse({ apiKey }: { apiKey: ApiKeyView }) {
  const { t } = useTranslation();
  if (apiKey.last_used_at === null) return <>{t("common.never")}</>;
  return (
    <span>
      <When at={apiKey.last_used_at} />
      {apiKey.last_address !== null && ` · ${apiKey.last_address}`}
    </span>
  );
}
