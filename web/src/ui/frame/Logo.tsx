import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import classes from "./Frame.module.css";

export function Logo() {
  const { t } = useTranslation();
  return (
    <Link to="/" className={classes.logo}>
      <img src="/favicon.svg" alt="" width={24} height={24} />
      {t("app.name")}
    </Link>
  );
}
