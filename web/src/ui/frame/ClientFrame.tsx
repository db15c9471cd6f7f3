import "@mantine/notifications/styles.css";
import { AppShell, Burger, Group, Indicator, NavLink } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Notifications } from "@mantine/notifications";
import { IconBell, IconReceipt, IconRobot } from "@tabler/icons-react";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useNotifications, useSession } from "../../api/account";
import { useLive } from "../../live/useLive";
import { AccountMenu } from "./AccountMenu";
import { ConnectionBanner } from "./ConnectionBanner";
import classes from "./Frame.module.css";
import { Logo } from "./Logo";
import { SchemeSwitch } from "./SchemeSwitch";

const PLACES = [
  { to: "/adbots", text: "nav.adbots", icon: IconRobot },
  { to: "/orders", text: "nav.orders", icon: IconReceipt },
  { to: "/notifications", text: "nav.notifications", icon: IconBell },
] as const;

/** The frame of the pages of those who are signed in. */
export function ClientFrame() {
  const { t } = useTranslation();
  const [open, menu] = useDisclosure(false);
  const live = useLive();
  useLeaveWhenSignedOut();
  const here = useLocation().pathname;
  const unread = useNotifications().data?.unread ?? 0;
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
        {PLACES.map(({ to, text, icon: Icon }) => (
          <NavLink
            key={to}
            renderRoot={(props) => <Link to={to} {...props} />}
            label={t(text)}
            active={here.startsWith(to)}
            aria-current={here.startsWith(to) ? "page" : undefined}
            onClick={menu.close}
            leftSection={
              <Indicator disabled={to !== "/notifications" || unread === 0} size={8} offset={2}>
                <Icon size={18} stroke={1.6} />
              </Indicator>
            }
          />
        ))}
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
