import { Button } from "@mantine/core";
import { IconRobot } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAdbots } from "../api/adbots";
import { AdbotTable } from "../features/adbots/AdbotTable";
import { Empty } from "../ui/Empty";
import { Loaded } from "../ui/Loaded";
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
      <Loaded query={useAdbots()}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty icon={<IconRobot size={22} />} title={t("adbots.empty")} text={t("adbots.emptyText")} />
          ) : (
            <AdbotTable adbots={page.items} />
          )
        }
      </Loaded>
    </Page>
  );
}
