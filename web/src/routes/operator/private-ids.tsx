import { IconKey } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { setPrivateIds, usePrivateIds } from "../../api/private-ids";
import type { PrivateIdsView } from "../../api/schema";
import { AccountLink } from "../../features/operator/AccountLink";
import { AllowPrivateIds } from "../../features/operator/AllowPrivateIds";
import { ActButton } from "../../ui/acts/ActButton";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/PagedTable";
import { SearchField } from "../../ui/SearchField";
import { When } from "../../ui/When";

const route = getRouteApi("/client/operator/private-ids");

/** The accounts whose adbots may name chats by their ids. */
export function PrivateIdsPage() {
  const { t } = useTranslation();
  const { text = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const columns: Column<PrivateIdsView>[] = [
    { head: t("operator.account"), cell: (one) => <AccountLink account={one.account} email={one.email} /> },
    { head: t("operator.why"), cell: (one) => one.reason ?? t("common.none") },
    { head: t("operator.since"), cell: (one) => <When at={one.since ?? null} /> },
    {
      head: t("operator.acts"),
      cell: (one) => {
        const name = one.email ?? one.account;
        return (
          <ActButton
            size="compact-sm"
            label={t("acts.with", { act: t("accountAct.forbid.title"), name })}
            act={{
              title: t("accountAct.forbid.title"),
              consequence: t("accountAct.forbid.consequence", { name }),
              danger: true,
              reason: true,
              run: (reason) => setPrivateIds(one.account, "forbid", reason),
            }}
          />
        );
      },
    },
  ];
  return (
    <Page title={t("nav.privateIds")} about={t("opPrivateIds.about")} action={<AllowPrivateIds />}>
      <SearchField
        label={t("opPrivateIds.search")}
        value={text}
        onSearch={(next) => void navigate({ replace: true, search: next ? { text: next } : {} })}
      />
      <PagedTable
        label={t("nav.privateIds")}
        query={usePrivateIds(text)}
        rowKey={(one) => one.account}
        columns={columns}
        empty={
          <Empty
            icon={<IconKey size={22} />}
            title={t("opPrivateIds.empty")}
            text={t("opPrivateIds.emptyText")}
          />
        }
      />
    </Page>
  );
}
