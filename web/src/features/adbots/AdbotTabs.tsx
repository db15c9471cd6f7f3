import { Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AdbotState } from "../../api/schema";
import { ADBOT_TABS, type AdbotTab, useAdbotSearch } from "../../routing/adbot-search";
import classes from "./AdbotTabs.module.css";
import { TAB_CONTENTS } from "./tabs";

/** Returns which tab is open: the one of the address, else the first thing to do. */
export function shownTab(adbot: AdbotState, tab: AdbotTab | undefined): AdbotTab {
  return tab ?? (adbot.advertisement === null ? "post" : "log");
}

/** The parts of an adbot's page; the address says which one is shown. */
export function AdbotTabs({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const [search, change] = useAdbotSearch();
  const shown = shownTab(adbot, search.tab);
  const show = (next: string | null) => {
    const tab = ADBOT_TABS.find((one) => one === next);
    if (tab !== undefined) change({ tab });
  };
  return (
    <Tabs value={shown} onChange={show} keepMounted={false}>
      <Tabs.List mb="md" className={classes.list}>
        {ADBOT_TABS.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {t(`adbot.tabs.${one}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {ADBOT_TABS.map((one) => (
        <Tabs.Panel key={one} value={one}>
          {TAB_CONTENTS[one](adbot)}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
