import { Group, Tabs } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAdbot } from "../api/adbots";
import { isMissing } from "../api/problem";
import type { AdbotState } from "../api/schema";
import { AdbotStateBadge } from "../features/adbots/AdbotStateBadge";
import { FirstSteps } from "../features/adbots/FirstSteps";
import { GroupTable } from "../features/adbots/GroupTable";
import { LiveLog } from "../features/adbots/LiveLog";
import { NextCycle } from "../features/adbots/NextCycle";
import { PostForm } from "../features/adbots/PostForm";
import { StartStop } from "../features/adbots/StartStop";
import { StatisticsView } from "../features/adbots/StatisticsView";
import { ADBOT_TABS, type AdbotTab } from "../router";
import { Loaded } from "../ui/Loaded";
import { MissingPage } from "../ui/MissingPage";
import { Page } from "../ui/Page";

export function AdbotPage() {
  const { adbot: id = "" } = useParams({ strict: false });
  const query = useAdbot(id);
  if (isMissing(query.error)) return <MissingPage />;
  return <Loaded query={query}>{(adbot) => <AdbotView adbot={adbot} />}</Loaded>;
}

function AdbotView({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { tab } = useSearch({ from: "/client/adbots/$adbot" });
  const shown: AdbotTab = tab ?? (adbot.advertisement === null ? "post" : "log");
  const show = (next: string | null) => {
    const found = ADBOT_TABS.find((one) => one === next);
    if (found !== undefined) {
      void navigate({ to: "/adbots/$adbot", params: { adbot: adbot.id }, search: { tab: found } });
    }
  };
  return (
    <Page
      title={adbot.plan.name}
      about={
        <Group gap="sm">
          <AdbotStateBadge status={adbot.status} />
          <NextCycle adbot={adbot} />
        </Group>
      }
      action={<StartStop adbot={adbot} />}
    >
      <FirstSteps adbot={adbot} onPost={() => show("post")} />
      <Tabs value={shown} onChange={show} keepMounted={false}>
        <Tabs.List mb="md">
          {ADBOT_TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`adbot.tabs.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="log">
          <LiveLog adbot={adbot.id} />
        </Tabs.Panel>
        <Tabs.Panel value="groups">
          <GroupTable adbot={adbot.id} />
        </Tabs.Panel>
        <Tabs.Panel value="post">
          <PostForm adbot={adbot} />
        </Tabs.Panel>
        <Tabs.Panel value="figures">
          <StatisticsView adbot={adbot.id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
