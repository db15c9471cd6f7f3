import { Button, Card, List, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { PlanOnSale } from "../../api/schema";
import { Money } from "../../ui/Money";
import { useDuration } from "../../ui/useDuration";

export function PlanCards({ plans }: { plans: PlanOnSale[] }) {
  const { t } = useTranslation();
  if (plans.length === 0) return <Text c="var(--quiet)">{t("home.noPlans")}</Text>;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
      {plans.map((plan) => (
        <PlanCard key={plan.code} plan={plan} />
      ))}
    </SimpleGrid>
  );
}

function PlanCard({ plan }: { plan: PlanOnSale }) {
  const { t } = useTranslation();
  const duration = useDuration();
  return (
    <Card>
      <Stack gap="md" justify="space-between" h="100%">
        <div>
          <Title order={3}>{plan.name}</Title>
          <Text size="xl" fw={600} mt={4}>
            <Money amount={plan.price_usd} currency="USD" />
          </Text>
          <List mt="md" spacing={6} size="sm" c="var(--quiet)">
            <List.Item>{t("home.sessions", { count: plan.sessions })}</List.Item>
            <List.Item>{t("home.interval", { interval: duration(plan.interval_seconds) })}</List.Item>
            <List.Item>{t("home.validity", { count: plan.validity_days })}</List.Item>
            {plan.max_groups != null && <List.Item>{t("home.groups", { count: plan.max_groups })}</List.Item>}
          </List>
        </div>
        <Button
          fullWidth
          aria-label={`${t("home.buy")}: ${plan.name}`}
          renderRoot={(props) => <Link to="/buy/$plan" params={{ plan: plan.code }} {...props} />}
        >
          {t("home.buy")}
        </Button>
      </Stack>
    </Card>
  );
}
