import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import classes from "./Frame.module.css";

export function Logo({ folded = false }: { folded?: boolean }) {
  const { t } = useTranslation();
  return (
    <Link to="/" className={classes.logo} aria-label={t("app.name")}>
      <img src="/favicon.svg" alt="" width={24} height={24} />
      {!folded && t("app.name")}
    </Link>
  );
}
