import { Button } from "@mantine/core";
import { IconShoppingCartOff } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePlans } from "../api/buying";
import { CheckoutForm } from "../features/checkout/CheckoutForm";
import { Empty } from "../ui/Empty";
import { Loaded } from "../ui/Loaded";

export function CheckoutPage() {
  const { t } = useTranslation();
  const { plan: code } = useParams({ strict: false });
  return (
    <Loaded query={usePlans()}>
      {(page) => {
        const plan = page.items.find((one) => one.code === code);
        return plan === undefined ? (
          <Empty
            icon={<IconShoppingCartOff size={22} />}
            title={t("missing.title")}
            text={t("checkout.unknown")}
            action={
              <Button renderRoot={(props) => <Link to="/" {...props} />}>{t("checkout.backToPlans")}</Button>
            }
          />
        ) : (
          <CheckoutForm plan={plan} />
        );
      }}
    </Loaded>
  );
}
