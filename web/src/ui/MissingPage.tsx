import { Button } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { IconCompass } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Empty } from "./Empty";

export function MissingPage() {
  const { t } = useTranslation();
  useDocumentTitle(`${t("missing.title")} · ${t("app.name")}`);
  return (
    <Empty
      whole
      icon={<IconCompass size={22} />}
      title={t("missing.title")}
      text={t("missing.text")}
      action={<Button renderRoot={(props) => <Link to="/" {...props} />}>{t("missing.home")}</Button>}
    />
  );
}
