import { Group, Stack, Title } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { AdbotScopeContext } from "../../api/adbot-scope";
import { useAnyAdbot } from "../../api/operator-adbots";
import { isMissing } from "../../api/problem";
import type { AdminAdbot } from "../../api/schema";
import { AdbotStateBadge } from "../../features/adbots/AdbotStateBadge";
import { AdbotTabs } from "../../features/adbots/AdbotTabs";
import { AdbotHead } from "../../features/adbots/head/AdbotHead";
import { AccountLink } from "../../features/operator/AccountLink";
import { AnyAdbotActs } from "../../features/operator/AnyAdbotActs";
import { AnyAdbotFacts } from "../../features/operator/AnyAdbotFacts";
import { SeatsTable } from "../../features/operator/SeatsTable";
import { useEmailOf } from "../../features/operator/useEmailOf";
import { Loaded } from "../../ui/Loaded";
import { MissingPage } from "../../ui/MissingPage";
import { Page } from "../../ui/Page";

const route = getRouteApi("/client/operator/adbots/$adbot");

/** An adbot of any account: what its owner sees, whose it is, its seats, and what can be done. */
export function AnyAdbotPage() {
  const { adbot: id } = route.useParams();
  const query = useAnyAdbot(id);
  if (isMissing(query.error)) return <MissingPage />;
  return (
    <AdbotScopeContext value="any">
      <Loaded query={query}>{(adbot) => <AnyAdbotView adbot={adbot} />}</Loaded>
    </AdbotScopeContext>
  );
}

function AnyAdbotView({ adbot }: { adbot: AdminAdbot }) {
  const { t } = useTranslation();
  const email = useEmailOf(adbot.account);
  return (
    <Page
      title={adbot.plan.name}
      about={
        <Group gap="sm">
          <AdbotStateBadge status={adbot.status} />
          <AccountLink account={adbot.account} email={email} />
        </Group>
      }
      action={<AnyAdbotActs adbot={adbot} />}
    >
      <AdbotHead adbot={adbot} />
      <AnyAdbotFacts adbot={adbot} />
      <Stack gap="md" component="section" id="seats">
        <Title order={2}>{t("opAdbots.seats")}</Title>
        <SeatsTable adbot={adbot} />
      </Stack>
      <AdbotTabs adbot={adbot} />
    </Page>
  );
}
