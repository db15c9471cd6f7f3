import "@mantine/notifications/styles.css";
import { AppShell, Burger, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Notifications } from "@mantine/notifications";
import { Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/account";
import { useLive } from "../../live/useLive";
import { AccountMenu } from "./AccountMenu";
import { ConnectionBanner } from "./ConnectionBanner";
import classes from "./Frame.module.css";
import { Logo } from "./Logo";
import { Navigation } from "./Navigation";
import { SchemeSwitch } from "./SchemeSwitch";

/** The frame of the pages of those who are signed in. */
export function ClientFrame() {
  const { t } = useTranslation();
  const [open, menu] = useDisclosure(false);
  const live = useLive();
  useLeaveWhenSignedOut();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding={{ base: "md", md: "lg" }}
      transitionDuration={120}
    >
      <Notifications position="bottom-right" />
      <a className={classes.skip} href="#content">
        {t("nav.skip")}
      </a>
      <AppShell.Header className={classes.header}>
        <Group gap="sm">
          <Burger opened={open} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={t("nav.menu")} />
          <Logo />
        </Group>
        <Group gap="xs">
          <SchemeSwitch />
          <AccountMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} p="xs" aria-label={t("nav.main")}>
        <Navigation onGo={menu.close} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <ConnectionBanner state={live} />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

/** Leads to the sign-in and back, when this device was signed out somewhere else. */
function useLeaveWhenSignedOut() {
  const signedOut = useSession() === null;
  const navigate = useNavigate();
  const next = useLocation().href;
  useEffect(() => {
    if (signedOut) void navigate({ to: "/sign-in", search: { next } });
  }, [signedOut, navigate, next]);
}
