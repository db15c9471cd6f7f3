import { Button, Card, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCheckout, useCoins } from "../../api/buying";
import { fieldErrors } from "../../api/problem";
import type { PlanOnSale } from "../../api/schema";
import { Money } from "../../ui/Money";
import { Page } from "../../ui/Page";
import { ProblemNotice } from "../../ui/ProblemNotice";

export function CheckoutForm({ plan }: { plan: PlanOnSale }) {
  const { t } = useTranslation();
  const coins = useCoins();
  const checkout = useCheckout();
  const navigate = useNavigate();
  const form = useForm({ initialValues: { email: "", pay_currency: "" } });

  const submit = form.onSubmit((values) =>
    checkout.mutate(
      { ...values, plan: plan.code },
      {
        onSuccess: ({ order_number }) =>
          void navigate({ to: "/pay/$order", params: { order: order_number } }),
        onError: (error) => form.setErrors(fieldErrors(error)),
      },
    ),
  );

  return (
    <Page
      title={t("checkout.title", { plan: plan.name })}
      about={<Money amount={plan.price_usd} currency="USD" />}
    >
      <Card maw={480}>
        <form onSubmit={submit}>
          <Stack gap="md">
            <TextInput
              type="email"
              required
              autoComplete="email"
              label={t("checkout.email")}
              description={t("checkout.emailHelp")}
              {...form.getInputProps("email")}
            />
            <Select
              required
              searchable
              label={t("checkout.coin")}
              data={(coins.data?.items ?? []).map((coin) => ({ value: coin.code, label: coin.code }))}
              {...form.getInputProps("pay_currency")}
            />
            {checkout.error !== null && Object.keys(form.errors).length === 0 && (
              <ProblemNotice error={checkout.error} />
            )}
            <Button type="submit" loading={checkout.isPending}>
              {t("checkout.pay")}
            </Button>
          </Stack>
        </form>
      </Card>
    </Page>
  );
}
