import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type { CheckoutBody, PaymentView } from "./schema";

const POLL_MS = 5000;
const OVER = new Set<PaymentView["order_status"]>(["PAID", "FULFILLED", "REFUNDED"]);

export const plansQuery = queryOptions({
  queryKey: ["plans"],
  queryFn: () => body(api.GET("/api/v1/catalogue", { params: { query: { limit: 100 } } })),
  staleTime: 60_000,
});

export const coinsQuery = queryOptions({
  queryKey: ["coins"],
  queryFn: () => body(api.GET("/api/v1/coins")),
  staleTime: 60_000,
});

export const usePlans = () => useQuery(plansQuery);
export const useCoins = () => useQuery(coinsQuery);

export function useCheckout() {
  return useMutation({
    mutationFn: (wish: Pick<CheckoutBody, "email" | "plan" | "pay_currency">) =>
      body(api.POST("/api/v1/checkout", { body: wish })),
  });
}

/** An order's payment; read again every five seconds until it is paid. */
export function usePayment(order: string) {
  return useQuery({
    queryKey: ["payment", order],
    queryFn: () =>
      body(api.GET("/api/v1/payments/{order_number}", { params: { path: { order_number: order } } })),
    refetchInterval: ({ state }) =>
      state.data !== undefined && OVER.has(state.data.order_status) ? false : POLL_MS,
  });
}
