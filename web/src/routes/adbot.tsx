import { Group, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAdbot } from "../api/adbots";
import { isMissing } from "../api/problem";
import type { AdbotState } from "../api/schema";
import { AdbotStateBadge } from "../features/adbots/AdbotStateBadge";
import { AdbotTabs } from "../features/adbots/AdbotTabs";
import { AdbotHead } from "../features/adbots/head/AdbotHead";
import { FirstSteps } from "../features/adbots/head/FirstSteps";
import { StartStop } from "../features/adbots/head/StartStop";
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
  return (
    <Page
      title={adbot.plan.name}
      about={
        <Group gap="sm">
          <AdbotStateBadge status={adbot.status} />
          <Text size="sm">{t("adbot.about")}</Text>
        </Group>
      }
      action={<StartStop adbot={adbot} />}
    >
      <FirstSteps adbot={adbot} />
      <AdbotHead adbot={adbot} />
      <AdbotTabs adbot={adbot} />
    </Page>
  );
}
