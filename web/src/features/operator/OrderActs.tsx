import { useTranslation } from "react-i18next";
import { actOnOrder, ORDER_ACTS } from "../../api/operator";
import { ActMenu } from "../../ui/acts/ActMenu";

/** What an operator can do with an order. */
export function OrderActs({ order }: { order: string }) {
  const { t } = useTranslation();
  return (
    <ActMenu
      acts={ORDER_ACTS.map((one) => ({
        title: t(`orderAct.${one}.title`),
        consequence: t(`orderAct.${one}.consequence`, { order }),
        danger: one === "refund" || one === "cancel",
        reason: true,
        run: (reason: string) => actOnOrder(order, one, reason),
      }))}
    />
  );
}
