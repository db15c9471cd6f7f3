import { Alert, Button, Card, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/account";
import { useCheckout } from "../../api/buying";
import { fieldErrors, isAtFields } from "../../api/problem";
import type { PlanOnSale } from "../../api/schema";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { CoinSelect } from "./CoinSelect";

type Props = { plan: PlanOnSale; coin: string; onCoin: (coin: string) => void };

/** Who buys, and with which coin; leads to the payment. */
export function CheckoutForm({ plan, coin, onCoin }: Props) {
  const { t } = useTranslation();
  const checkout = useCheckout();
  const navigate = useNavigate();
  const email = useSession()?.account.email ?? "";
  const form = useForm({ initialValues: { email, pay_currency: coin } });

  // biome-ignore lint/correctness/useExhaustiveDependencies: who is signed in may be known a moment later
  useEffect(() => {
    if (email !== "" && form.values.email === "") form.setFieldValue("email", email);
  }, [email]);

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
    <Card>
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
          <CoinSelect
            allowDeselect={false}
            description={t("checkout.coinHelp")}
            placeholder={t("checkout.coinHint")}
            {...form.getInputProps("pay_currency")}
            onChange={(next) => {
              form.setFieldValue("pay_currency", next ?? "");
              onCoin(next ?? "");
            }}
          />
          {checkout.isPending && checkout.failureCount > 0 && (
            <Alert color="yellow" role="status">
              {t("checkout.slow")}
            </Alert>
          )}
          {checkout.error !== null && !isAtFields(checkout.error, form.values) && (
            <ProblemNotice error={checkout.error} />
          )}
          <Button type="submit" size="md" loading={checkout.isPending}>
            {t("checkout.pay")}
          </Button>
          <Text size="sm" c="var(--quiet)">
            {t("checkout.next")}
          </Text>
        </Stack>
      </form>
    </Card>
  );
}
