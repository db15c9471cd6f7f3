import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch, IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAccounts } from "../../api/operator";
import type { AccountLine } from "../../api/schema";
import { AccountActs } from "../../features/operator/AccountActs";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/PagedTable";
import { StateBadge } from "../../ui/StateBadge";
import { When } from "../../ui/When";

const TYPING_MS = 250;

export function AccountsPage() {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed, TYPING_MS);
  const query = useAccounts(text);
  const columns: Column<AccountLine>[] = [
    { head: t("operator.email"), cell: (one) => one.email ?? t("common.none") },
    { head: t("accounts.role"), cell: (one) => t(`role.${one.role}`) },
    {
      head: t("accounts.state"),
      cell: (one) => (
        <StateBadge mood={one.status === "ACTIVE" ? "good" : "bad"}>
          {t(`accountStatus.${one.status}`)}
        </StateBadge>
      ),
    },
    { head: t("nav.adbots"), number: true, cell: (one) => one.adbots },
    { head: t("nav.orders"), number: true, cell: (one) => one.orders },
    { head: t("accounts.registered"), cell: (one) => <When at={one.registered_at} /> },
    { head: t("operator.acts"), cell: (one) => <AccountActs account={one} /> },
  ];
  return (
    <Page title={t("accounts.title")}>
      <TextInput
        size="xs"
        maw={300}
        aria-label={t("accounts.search")}
        placeholder={t("accounts.search")}
        leftSection={<IconSearch size={14} />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <PagedTable
        label={t("accounts.title")}
        query={query}
        rowKey={(one) => one.id}
        columns={columns}
        empty={
          <Empty icon={<IconUsers size={22} />} title={t("accounts.empty")} text={t("accounts.emptyText")} />
        }
      />
    </Page>
  );
}
