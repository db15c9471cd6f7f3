import { Button, Card, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { PlanOnSale } from "../../api/schema";
import { PLAN_KINDS } from "../../routing/states";
import { Money } from "../../ui/Money";
import { PlanFacts } from "./PlanFacts";

const COLUMNS = { base: 1, xs: 2, md: 3 };

/** The plans on sale, by kind where there are both kinds. */
export function PlanCards({ plans }: { plans: PlanOnSale[] }) {
  const { t } = useTranslation();
  if (plans.length === 0) return <Text c="var(--quiet)">{t("home.noPlans")}</Text>;
  const kinds = PLAN_KINDS.filter((kind) => plans.some((plan) => plan.kind === kind));
  return (
    <Stack gap="xl">
      {kinds.map((kind) => (
        <Stack key={kind} gap="md">
          {kinds.length > 1 && (
            <Title order={3} size="h4">
              {t(`planKind.${kind}`)}
            </Title>
          )}
          <SimpleGrid cols={COLUMNS}>
            {plans
              .filter((plan) => plan.kind === kind)
              .map((plan) => (
                <PlanCard key={plan.code} plan={plan} />
              ))}
          </SimpleGrid>
        </Stack>
      ))}
    </Stack>
  );
}

export function PlanCardsSkeleton() {
  return (
    <SimpleGrid cols={COLUMNS}>
      {["one", "two", "three"].map((key) => (
        <Skeleton key={key} height={316} />
      ))}
    </SimpleGrid>
  );
}

function PlanCard({ plan }: { plan: PlanOnSale }) {
  const { t } = useTranslation();
  return (
    <Card>
      <Stack gap="lg" justify="space-between" h="100%">
        <Stack gap="md">
          <div>
            <Text fw={600} size="lg" component="h3" m={0}>
              {plan.name}
            </Text>
            <Text fz={28} fw={600} lh={1.3} className="figure">
              <Money amount={plan.price_usd} currency="USD" />
            </Text>
            <Text size="sm" c="var(--quiet)">
              {t("home.once", { count: plan.validity_days })}
            </Text>
          </div>
          <PlanFacts plan={plan} />
        </Stack>
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
