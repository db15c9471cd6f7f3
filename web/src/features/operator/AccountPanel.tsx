import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ListOwnerContext } from "../../api/list-scope";
import { useAllOrders } from "../../api/operator";
import { useAllAdbots } from "../../api/operator-adbots";
import type { AccountTab } from "../../routing/operator";
import { GroupListTable } from "../groups/lists/GroupListTable";
import { AllAdbotsTable } from "./AllAdbotsTable";
import { AllOrdersTable } from "./AllOrdersTable";
import { ApiKeysOf } from "./ApiKeysOf";
import { DevicesOf } from "./DevicesOf";
import { WebhooksOf } from "./WebhooksOf";

/** One part of what belongs to an account. */
export function AccountPanel({ account, tab }: { account: string; tab: AccountTab }) {
  switch (tab) {
    case "adbots":
      return <AdbotsOf account={account} />;
    case "orders":
      return <OrdersOf account={account} />;
    case "devices":
      return <DevicesOf account={account} />;
    case "apiKeys":
      return <ApiKeysOf account={account} />;
    case "webhooks":
      return <WebhooksOf account={account} />;
    case "groupLists":
      return (
        <ListOwnerContext value={account}>
          <GroupListTable />
        </ListOwnerContext>
      );
  }
}

function AdbotsOf({ account }: { account: string }) {
  const { t } = useTranslation();
  return (
    <AllAdbotsTable
      query={useAllAdbots({ account })}
      empty={<Text c="var(--quiet)">{t("opAccount.noAdbots")}</Text>}
    />
  );
}

function OrdersOf({ account }: { account: string }) {
  const { t } = useTranslation();
  return (
    <AllOrdersTable
      ofOne
      query={useAllOrders({ account })}
      empty={<Text c="var(--quiet)">{t("opAccount.noOrders")}</Text>}
    />
  );
}
