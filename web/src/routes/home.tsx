import { Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { usePlans } from "../api/buying";
import { PlanCards } from "../features/checkout/PlanCards";
import { Loaded } from "../ui/Loaded";
import classes from "./home.module.css";

export function HomePage() {
  const { t } = useTranslation();
  useDocumentTitle(t("app.name"));
  return (
    <Stack gap={48} className={classes.page}>
      <Stack gap="md" maw={640}>
        <Title order={1} className={classes.headline}>
          {t("home.title")}
        </Title>
        <Text size="lg" c="var(--quiet)">
          {t("home.text")}
        </Text>
      </Stack>
      <Stack gap="md" component="section">
        <Title order={2}>{t("home.plans")}</Title>
        <Loaded query={usePlans()}>{(page) => <PlanCards plans={page.items} />}</Loaded>
      </Stack>
    </Stack>
  );
}
