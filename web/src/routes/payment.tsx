import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePayment } from "../api/buying";
import { PaymentState } from "../features/checkout/PaymentState";
import { Loaded } from "../ui/Loaded";
import { Page } from "../ui/Page";

export function PaymentPage() {
  const { t } = useTranslation();
  const { order = "" } = useParams({ strict: false });
  return (
    <Page title={t("payment.title", { order })} about={t("payment.keep")}>
      <Loaded query={usePayment(order)}>{(payment) => <PaymentState payment={payment} />}</Loaded>
    </Page>
  );
}
