import { AppShell, Button, Group } from "@mantine/core";
import { Link, Outlet } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { restoredSession, useSession } from "../../api/account";
import classes from "./Frame.module.css";
import { Logo } from "./Logo";
import { SchemeSwitch } from "./SchemeSwitch";

/** The frame of the pages that anyone may see. */
export function PublicFrame({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  const account = useSession();
  useEffect(() => {
    restoredSession().catch(() => undefined); // these pages are for everybody
  }, []);
  return (
    <AppShell header={{ height: 56 }} padding={{ base: "md", md: "lg" }}>
      <a className={classes.skip} href="#content">
        {t("nav.skip")}
      </a>
      <AppShell.Header className={classes.header}>
        <Logo />
        <Group gap="xs">
          <SchemeSwitch />
          <Button
            variant="default"
            renderRoot={(props) => <Link to={account === null ? "/sign-in" : "/adbots"} {...props} />}
          >
            {account === null ? t("nav.signIn") : t("nav.adbots")}
          </Button>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="content" tabIndex={-1}>
        {children ?? <Outlet />}
      </AppShell.Main>
    </AppShell>
  );
}
