import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { ApiError, isMissing } from "./problem";
import type { CheckoutBody, PaymentView } from "./schema";

const POLL_MS = 5000;
const POLL_SOON_MS = 2000;
const POLL_HIDDEN_MS = 30_000;
const OVER = new Set<PaymentView["order_status"]>(["FULFILLED", "REFUNDED"]);
const TRIES = 5;
const PAUSE_MS = 3000;
const MISSING_TRIES = 3;
const MISSING_PAUSE_MS = 700;

export const plansQuery = queryOptions({
  queryKey: ["plans"],
  queryFn: () => body(api.GET("/api/v1/catalogue", { params: { query: { limit: 100 } } })),
  staleTime: 60_000,
});

const coinsQuery = queryOptions({
  queryKey: ["coins"],
  queryFn: () => body(api.GET("/api/v1/coins")),
  staleTime: 60_000,
});

export const usePlans = () => useQuery(plansQuery);
export const useCoins = () => useQuery(coinsQuery);

/** Places an order, or finds the one that this browser placed before; waits for a provider that is slow. */
export function useCheckout() {
  return useMutation({
    mutationFn: (wish: Pick<CheckoutBody, "email" | "plan" | "pay_currency">) =>
      body(api.POST("/api/v1/checkout", { body: wish })),
    retry: (count, error) => count < TRIES && isPassing(error),
    retryDelay: (_, error) =>
      error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : PAUSE_MS,
  });
}

/** Returns whether a request failed for a reason that may be over soon. */
function isPassing(error: Error): boolean {
  return error instanceof ApiError && (error.status === 0 || (error.status >= 502 && error.status <= 504));
}

/** An order's payment; read again every few seconds until nothing more will happen to it. */
export function usePayment(order: string) {
  return useQuery({
    queryKey: ["payment", order],
    queryFn: () =>
      body(api.GET("/api/v1/payments/{order_number}", { params: { path: { order_number: order } } })),
    refetchInterval: ({ state }) => pauseAfter(state.data, document.hidden, state.error),
    refetchIntervalInBackground: true,
    // what was ordered a moment ago may not be there to be read yet
    retry: (count, error) => (isUnknown(error) ? count < MISSING_TRIES : isPassing(error) && count < TRIES),
    retryDelay: (_, error) => (isUnknown(error) ? MISSING_PAUSE_MS : PAUSE_MS),
  });
}

/** Returns whether no order has this number yet; one of another form no order will ever have. */
function isUnknown(error: Error): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Returns after how many milliseconds a payment is read again; false: it will not change, or there is none. */
export function pauseAfter(
  payment: Pick<PaymentView, "order_status" | "pay_address"> | undefined,
  hidden: boolean,
  error: Error | null = null,
): number | false {
  if (payment === undefined && isMissing(error)) return false;
  if (payment !== undefined && OVER.has(payment.order_status)) return false;
  if (hidden) return POLL_HIDDEN_MS;
  return payment?.pay_address === null && payment.order_status === "PENDING" ? POLL_SOON_MS : POLL_MS;
}
