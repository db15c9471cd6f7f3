import "@mantine/notifications/styles.layer.css";
import { AppShell, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Notifications } from "@mantine/notifications";
import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFinding } from "../../features/finding/Finding";
import { PausedBanner } from "../../features/operator/PausedBanner";
import { useLive } from "../../live/useLive";
import { usePreferences } from "../../preferences";
import { ConnectionBanner } from "./ConnectionBanner";
import { FoldButton } from "./FoldButton";
import classes from "./Frame.module.css";
import { Header } from "./Header";
import { Logo } from "./Logo";
import { Navigation } from "./Navigation";
import { OperatorsOnly } from "./OperatorsOnly";
import { useLeaveWhenSignedOut } from "./useLeave";

/** The frame of the pages of those who are signed in. */
export function ClientFrame() {
  const { t } = useTranslation();
  const [open, drawer] = useDisclosure(false);
  const { folded } = usePreferences();
  const finding = useFinding();
  const live = useLive();
  useLeaveWhenSignedOut();
  return (
    <AppShell
      layout="alt"
      header={{ height: 56 }}
      navbar={{ width: folded ? 60 : 232, breakpoint: "sm", collapsed: { mobile: true } }}
      padding={{ base: "md", md: "lg" }}
      transitionDuration={120}
    >
      <Notifications position="bottom-right" />
      <a className={classes.skip} href="#content">
        {t("nav.skip")}
      </a>
      <AppShell.Header className={classes.header}>
        <Header menuOpen={open} onMenu={drawer.toggle} onSearch={finding.search} onShortcuts={finding.list} />
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} visibleFrom="sm" aria-label={t("nav.main")}>
        <div className={classes.top}>
          <Logo folded={folded} />
        </div>
        <AppShell.Section grow className={classes.places}>
          <Navigation folded={folded} />
        </AppShell.Section>
        <FoldButton folded={folded} />
      </AppShell.Navbar>
      <Drawer
        opened={open}
        onClose={drawer.close}
        size={264}
        padding="xs"
        title={<Logo />}
        transitionProps={{ duration: 120 }}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <nav aria-label={t("nav.main")}>
          <Navigation onGo={drawer.close} />
        </nav>
      </Drawer>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        <ConnectionBanner state={live} />
        <PausedBanner />
        <OperatorsOnly>
          <Outlet />
        </OperatorsOnly>
      </AppShell.Main>
      {finding.shown}
    </AppShell>
  );
}
