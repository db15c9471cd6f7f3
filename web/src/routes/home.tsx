import { Button, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { usePlans } from "../api/buying";
import { PlanCards, PlanCardsSkeleton } from "../features/checkout/PlanCards";
import { Forwarding } from "../features/home/Forwarding";
import { HowItWorks } from "../features/home/HowItWorks";
import { HowPaying } from "../features/home/HowPaying";
import { Loaded } from "../ui/Loaded";
import classes from "./home.module.css";

export function HomePage() {
  const { t } = useTranslation();
  useDocumentTitle(t("app.name"));
  return (
    <Stack className={classes.page}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" className={classes.hero}>
        <Stack gap="lg" justify="center">
          <Title order={1} className={classes.headline}>
            {t("home.title")}
          </Title>
          <Text size="lg" c="var(--quiet)" maw={560}>
            {t("home.text")}
          </Text>
          <Group>
            <Button component="a" href="#plans" size="md">
              {t("home.see")}
            </Button>
          </Group>
        </Stack>
        <Forwarding />
      </SimpleGrid>
      <HowItWorks />
      <Stack gap="md" component="section" id="plans" className={classes.plans}>
        <Title order={2}>{t("home.plans")}</Title>
        <Text c="var(--quiet)">{t("home.plansText")}</Text>
        <Loaded query={usePlans()} skeleton={<PlanCardsSkeleton />}>
          {(page) => <PlanCards plans={page.items} />}
        </Loaded>
      </Stack>
      <HowPaying />
    </Stack>
  );
}
