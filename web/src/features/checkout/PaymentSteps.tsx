import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./PaymentSteps.module.css";
import type { PaymentStage } from "./stage";

const STEPS = ["send", "confirm", "done"] as const;
const REACHED: Partial<Record<PaymentStage, number>> = {
  preparing: 0,
  waiting: 0,
  late: 0,
  partial: 0,
  confirming: 1,
  paid: 3,
};

/** The three steps of a payment, and which of them is the present one; nothing for a payment that is over. */
export function PaymentSteps({ stage }: { stage: PaymentStage }) {
  const { t } = useTranslation();
  const reached = REACHED[stage];
  if (reached === undefined) return null;
  return (
    <ol className={classes.steps} aria-label={t("payment.steps")}>
      {STEPS.map((step, index) => (
        <li
          key={step}
          className={classes.step}
          data-done={index < reached || undefined}
          aria-current={index === reached ? "step" : undefined}
        >
          <span className={classes.mark}>{index < reached ? <IconCheck size={14} /> : index + 1}</span>
          {t(`payment.step.${step}`)}
        </li>
      ))}
    </ol>
  );
}
