import type { PaymentView } from "../../api/schema";

export type PaymentStage = "waiting" | "confirming" | "partial" | "paid" | "failed" | "expired" | "refunded";

/** Returns the stage of a payment as its payer sees it. */
export function stageOf(payment: Pick<PaymentView, "order_status" | "payment_status">): PaymentStage {
  switch (payment.order_status) {
    case "PAID":
    case "FULFILLED":
      return "paid";
    case "REFUNDED":
      return "refunded";
    case "EXPIRED":
    case "CANCELLED":
      return "expired";
    case "PENDING":
      return stageOfPending(payment.payment_status);
  }
}

function stageOfPending(status: PaymentView["payment_status"]): PaymentStage {
  switch (status) {
    case "REQUESTED":
    case "WAITING":
      return "waiting";
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
