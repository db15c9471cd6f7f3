import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { AdbotTable } from "../features/adbots/overview/AdbotTable";
import { Page } from "../ui/Page";

export function AdbotsPage() {
  const { t } = useTranslation();
  const toPlans = (
    <Button renderRoot={(props) => <Link to="/" {...props} />} variant="default">
      {t("adbots.buy")}
    </Button>
  );
  return (
    <Page title={t("adbots.title")} about={t("adbots.about")} action={toPlans}>
      <AdbotTable />
    </Page>
  );
}
