import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { revokeApiKey, useApiKeysOf } from "../../api/operator-accounts";
import type { ApiKeyView } from "../../api/schema";
import { ActButton } from "../../ui/acts/ActButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { Loaded } from "../../ui/Loaded";
import { When } from "../../ui/When";
import { keyName } from "../profile/key-name";

/** The API keys of an account, without their secrets. */
export function ApiKeysOf({ account }: { account: string }) {
  const { t } = useTranslation();
  const columns: Column<ApiKeyView>[] = [
    { head: t("opAccount.keyName"), cell: (one) => one.name },
    { head: t("opAccount.scopes"), cell: (one) => one.scopes.join(", ") },
    { head: t("opAccount.uses"), number: true, cell: (one) => one.uses },
    { head: t("opAccount.lastUsed"), cell: (one) => <When at={one.last_used_at} /> },
    {
      head: t("opAccount.expires"),
      cell: (one) => (one.expires_at === null ? t("common.never") : <When at={one.expires_at} />),
    },
    {
      head: t("operator.acts"),
      cell: (one) => (
        <ActButton
          size="compact-sm"
          label={t("acts.with", { act: t("accountAct.key.title"), name: keyName(one) })}
          act={{
            title: t("accountAct.key.title"),
            consequence: t("accountAct.key.consequence", { name: keyName(one) }),
            danger: true,
            run: () => revokeApiKey(account, one.id),
          }}
        />
      ),
    },
  ];
  return (
    <Loaded query={useApiKeysOf(account)} rows={2}>
      {({ items }) =>
        items.length === 0 ? (
          <Text c="var(--quiet)">{t("opAccount.noKeys")}</Text>
        ) : (
          <DataTable
            label={t("opAccount.tabs.apiKeys")}
            rows={items}
            rowKey={(one) => one.id}
            columns={columns}
          />
        )
      }
    </Loaded>
  );
}
