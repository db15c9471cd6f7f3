import { Alert, Group, Tabs } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAnyAccount } from "../../api/operator-accounts";
import { isMissing } from "../../api/problem";
import type { AccountLine } from "../../api/schema";
import { AccountActs } from "../../features/operator/AccountActs";
import { AccountFacts } from "../../features/operator/AccountFacts";
import { AccountPanel } from "../../features/operator/AccountPanel";
import { ResetCode } from "../../features/operator/ResetCode";
import { ACCOUNT_TABS } from "../../routing/operator";
import { Loaded } from "../../ui/Loaded";
import { MissingPage } from "../../ui/MissingPage";
import { Page } from "../../ui/Page";
import { StateBadge } from "../../ui/StateBadge";
import { useStillShown } from "../../ui/useStillShown";

const route = getRouteApi("/client/operator/accounts/$account");

export function AnyAccountPage() {
  const { account } = route.useParams();
  const query = useAnyAccount(account);
  if (isMissing(query.error)) return <MissingPage />;
  return <Loaded query={query}>{(found) => <AccountView account={found} />}</Loaded>;
}

function AccountView({ account }: { account: AccountLine }) {
  const { t } = useTranslation();
  const { tab = "adbots" } = route.useSearch();
  const navigate = useNavigate();
  const isShown = useStillShown();
  const leave = () => isShown() && void navigate({ to: "/operator/accounts" });
  const show = (next: string | null) => {
    const found = ACCOUNT_TABS.find((one) => one === next);
    if (found !== undefined) {
      void navigate({
        to: "/operator/accounts/$account",
        params: { account: account.id },
        search: { tab: found },
      });
    }
  };
  return (
    <Page
      title={account.email ?? account.id}
      about={
        <Group gap="sm">
          <StateBadge mood={account.status === "ACTIVE" ? "good" : "bad"}>
            {t(`accountStatus.${account.status}`)}
          </StateBadge>
          {t(`role.${account.role}`)}
        </Group>
      }
      action={
        <Group gap="sm">
          {account.email !== null && <ResetCode email={account.email} />}
          <AccountActs account={account} onErased={leave} />
        </Group>
      }
    >
      {account.suspended_for !== null && (
        <Alert color="red" icon={<IconLock size={18} />}>
          {t("opAccount.suspendedFor", { reason: account.suspended_for })}
        </Alert>
      )}
      <AccountFacts account={account} />
      <Tabs value={tab} onChange={show} keepMounted={false}>
        <Tabs.List mb="md">
          {ACCOUNT_TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`opAccount.tabs.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {ACCOUNT_TABS.map((one) => (
          <Tabs.Panel key={one} value={one}>
            <AccountPanel account={account.id} tab={one} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
