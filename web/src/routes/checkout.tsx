import { Button, Card, Grid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconShoppingCartOff } from "@tabler/icons-react";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePlans } from "../api/buying";
import type { PlanOnSale } from "../api/schema";
import { CheckoutForm } from "../features/checkout/CheckoutForm";
import { PlanFacts } from "../features/checkout/PlanFacts";
import { Empty } from "../ui/Empty";
import { Loaded } from "../ui/Loaded";
import { Money } from "../ui/Money";
import { Page } from "../ui/Page";

export function CheckoutPage() {
  const { t } = useTranslation();
  const { plan: code } = useParams({ strict: false });
  return (
    <Loaded query={usePlans()} skeleton={<Shape />}>
      {(page) => {
        const plan = page.items.find((one) => one.code === code);
        return plan === undefined ? (
          <Empty
            whole
            icon={<IconShoppingCartOff size={22} />}
            title={t("missing.title")}
            text={t("checkout.unknown")}
            action={
              <Button renderRoot={(props) => <Link to="/" {...props} />}>{t("checkout.backToPlans")}</Button>
            }
          />
        ) : (
          <Checkout plan={plan} />
        );
      }}
    </Loaded>
  );
}

function Checkout({ plan }: { plan: PlanOnSale }) {
  const { t } = useTranslation();
  const { coin = "" } = useSearch({ from: "/open/buy/$plan" });
  const navigate = useNavigate();
  const keepCoin = (next: string) =>
    void navigate({
      to: "/buy/$plan",
      params: { plan: plan.code },
      search: next === "" ? {} : { coin: next },
      replace: true,
    });
  return (
    <Page title={t("checkout.title", { plan: plan.name })} about={t("checkout.about")}>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, sm: 7 }}>
          <CheckoutForm plan={plan} coin={coin} onCoin={keepCoin} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 5 }}>
          <Card component="aside" aria-label={t("checkout.summary")}>
            <Stack gap="md">
              <Title order={2} size="h3">
                {plan.name}
              </Title>
              <PlanFacts plan={plan} />
              <Text fz={20} fw={600} className="figure">
                <Money amount={plan.price_usd} currency="USD" />
              </Text>
              <Text size="sm" c="var(--quiet)">
                {t("checkout.noRenewal")}
              </Text>
            </Stack>
          </Card>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function Shape() {
  return (
    <Stack gap="lg">
      <Skeleton height={35} width={280} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, sm: 7 }}>
          <Skeleton height={330} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 5 }}>
          <Skeleton height={280} />
        </Grid.Col>
      </Grid>
    </Stack>
  );
}
