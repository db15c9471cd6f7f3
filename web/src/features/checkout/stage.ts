import type { PaymentView } from "../../api/schema";

export type PaymentStage =
  | "preparing"
  | "waiting"
  | "late"
  | "confirming"
  | "partial"
  | "paid"
  | "failed"
  | "expired"
  | "cancelled"
  | "refunded";

type Payment = Pick<PaymentView, "order_status" | "payment_status" | "pay_address" | "expires_at">;

/** Returns the stage of a payment as its payer sees it at a time in milliseconds. */
export function stageOf(payment: Payment, now: number): PaymentStage {
  switch (payment.order_status) {
    case "PAID":
    case "FULFILLED":
      return "paid";
    case "REFUNDED":
      return "refunded";
    case "EXPIRED":
      return "expired";
    case "CANCELLED":
      return "cancelled";
    case "PENDING":
      return stageOfPending(payment, now);
  }
}

function stageOfPending(payment: Payment, now: number): PaymentStage {
  switch (payment.payment_status) {
    case "REQUESTED":
    case "WAITING":
      if (Date.parse(payment.expires_at) <= now) return "late";
      return payment.pay_address === null ? "preparing" : "waiting";
    case "CONFIRMING":
    case "CONFIRMED":
    case "SENDING":
    case "FINISHED":
      return "confirming";
    case "PARTIALLY_PAID":
      return "partial";
    case "FAILED":
      return "failed";
    case "REFUNDED":
      return "refunded";
    case "EXPIRED":
      return "expired";
  }
}

/** Returns how much of an amount was paid, in percent of it; never all of it while something is missing. */
export function paidPercent(paid: string | null, amount: string | null): number {
  const whole = Number(amount);
  return whole > 0 ? Math.min(99, Math.max(0, Math.floor((Number(paid) / whole) * 100))) : 0;
}
