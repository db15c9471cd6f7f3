import { Anchor, Breadcrumbs, Text } from "@mantine/core";
import { Link, useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { decoded } from "../../paths";
import { shortened } from "../shortened";
import classes from "./Frame.module.css";
import { placeAt } from "./places";

/** The page that one is on; of a single thing's page, the way back to the list. */
export function Crumbs() {
  const { t } = useTranslation();
  const at = placeAt(useLocation().pathname);
  if (at === null) return null;
  const name = t(at.place.text);
  const thing = decoded(at.rest.split("/").at(-1) ?? "");
  if (at.rest === "") {
    return (
      <Text fw={500} truncate>
        {name}
      </Text>
    );
  }
  return (
    <Breadcrumbs separatorMargin={8} className={classes.crumbs} aria-label={t("nav.where")}>
      <Anchor c="var(--quiet)" renderRoot={(props) => <Link to={at.place.to} {...props} />}>
        {name}
      </Anchor>
      <Text ff="monospace" size="sm" truncate title={thing}>
        {shortened(thing)}
      </Text>
    </Breadcrumbs>
  );
}
