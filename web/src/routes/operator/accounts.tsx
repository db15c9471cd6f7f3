import { Group } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAccounts } from "../../api/operator-accounts";
import type { AccountLine } from "../../api/schema";
import { OpenAccount } from "../../features/operator/OpenAccount";
import { withFilter } from "../../routing/searching";
import { ACCOUNT_STATUSES, ROLES } from "../../routing/states";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { FilterChips } from "../../ui/FilterChips";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/PagedTable";
import { RowLink } from "../../ui/RowLink";
import { SearchField } from "../../ui/SearchField";
import { StateBadge } from "../../ui/StateBadge";
import { When } from "../../ui/When";

const route = getRouteApi("/client/operator/accounts");

export function AccountsPage() {
  const { t } = useTranslation();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const query = useAccounts(filter);
  const columns: Column<AccountLine>[] = [
    {
      head: t("operator.email"),
      cell: (one) => (
        <RowLink to="/operator/accounts/$account" params={{ account: one.id }}>
          {one.email ?? one.id}
        </RowLink>
      ),
    },
    { head: t("accounts.role"), cell: (one) => t(`role.${one.role}`) },
    {
      head: t("accounts.state"),
      cell: (one) => (
        <StateBadge mood={one.status === "ACTIVE" ? "good" : "bad"}>
          {t(`accountStatus.${one.status}`)}
        </StateBadge>
      ),
    },
    { head: t("nav.adbots"), number: true, minor: true, cell: (one) => one.adbots },
    { head: t("nav.orders"), number: true, minor: true, cell: (one) => one.orders },
    { head: t("accounts.registered"), cell: (one) => <When at={one.registered_at} /> },
  ];
  return (
    <Page title={t("accounts.title")} about={t("accounts.about")} action={<OpenAccount />}>
      <Group gap="sm">
        <SearchField
          label={t("accounts.search")}
          value={filter.text ?? ""}
          onSearch={(next) =>
            void navigate({
              replace: true,
              search: withFilter("text", next),
            })
          }
        />
        <FilterChips
          label={t("accounts.role")}
          all={t("accounts.allRoles")}
          options={ROLES}
          text={(one) => t(`role.${one}`)}
          value={filter.role}
          onChange={(next) => void navigate({ search: withFilter("role", next) })}
        />
        <FilterChips
          label={t("accounts.state")}
          all={t("accounts.allStates")}
          options={ACCOUNT_STATUSES}
          text={(one) => t(`accountStatus.${one}`)}
          value={filter.status}
          onChange={(next) =>
            void navigate({
              search: withFilter("status", next),
            })
          }
        />
      </Group>
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
