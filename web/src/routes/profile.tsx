import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { AccountFacts } from "../features/profile/AccountFacts";
import { ApiKeys } from "../features/profile/ApiKeys";
import { DeviceList } from "../features/profile/DeviceList";
import { DevicePreferences } from "../features/profile/DevicePreferences";
import { SecondFactor } from "../features/profile/SecondFactor";
import { Webhooks } from "../features/profile/Webhooks";
import { PROFILE_TABS, type ProfileTab } from "../routing/client";
import { Page } from "../ui/Page";
import classes from "./profile.module.css";

const PANELS: Record<ProfileTab, () => ReactNode> = {
  account: AccountFacts,
  devices: DeviceList,
  security: SecondFactor,
  keys: ApiKeys,
  webhooks: Webhooks,
  preferences: DevicePreferences,
};

export function ProfilePage() {
  const { t } = useTranslation();
  const { tab = "account" } = useSearch({ from: "/client/profile" });
  const navigate = useNavigate();
  const Panel = PANELS[tab];
  return (
    <Page title={t("profile.title")}>
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => void navigate({ to: "/profile", search: { tab: next as ProfileTab } })}
      >
        <Tabs.List mb="lg" className={classes.tabs}>
          {PROFILE_TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`profile.tabs.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <Panel />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
