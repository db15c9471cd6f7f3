/** What operators ask and do; the gateway refuses it to everybody else. */

import { queryOptions, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { pagedQuery, pollOfFirstPage, queries } from "./queries";
import type { OrderStatus } from "./schema";

const ALL = 100;
const SOON_MS = 15_000;

/** Asks again for all that these keys of the operator's data hold. */
export const renewed = (...keys: string[]) =>
  Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: ["operator", key] })));

const noticesQuery = queryOptions({
  queryKey: ["operator", "notices"],
  queryFn: () => body(api.GET("/api/v1/admin/notices", { params: { query: { limit: ALL } } })),
  refetchInterval: SOON_MS,
});

const attentionQuery = pagedQuery(["operator", "attention"], (page) =>
  body(api.GET("/api/v1/admin/orders/attention", { params: { query: page } })),
);

const forwardingQuery = queryOptions({
  queryKey: ["operator", "forwarding"],
  queryFn: () => body(api.GET("/api/v1/admin/forwarding")),
  refetchInterval: SOON_MS,
});

/** Filters of a list of orders; left out: all. */
type OrderFilter = { order_status?: OrderStatus; text?: string; account?: string };

const allOrdersQuery = (filter: OrderFilter) =>
  pagedQuery(["operator", "orders", filter], (page) =>
    body(api.GET("/api/v1/admin/orders", { params: { query: { ...filter, ...page } } })),
  );

const anyOrderQuery = (order: string) =>
  queryOptions({
    queryKey: ["operator", "orders", "one", order],
    queryFn: () =>
      body(api.GET("/api/v1/admin/orders/{order_number}", { params: { path: { order_number: order } } })),
  });

export const useNotices = () => useQuery(noticesQuery);
export const useAttention = () =>
  useInfiniteQuery({ ...attentionQuery, refetchInterval: pollOfFirstPage(SOON_MS) });
export const useForwarding = () => useQuery(forwardingQuery);
export const useAllOrders = (filter: OrderFilter) => useInfiniteQuery(allOrdersQuery(filter));
export const useAnyOrder = (order: string) => useQuery(anyOrderQuery(order));

export function useAcknowledge() {
  return useMutation({
    mutationFn: (notice: string) =>
      body(
        api.POST("/api/v1/admin/notices/{notice_id}/acknowledge", {
          params: { path: { notice_id: notice } },
        }),
      ),
    onSuccess: () => renewed("notices"),
  });
}

/** What an operator can do with an order; each asks for a reason, which is recorded. */
export const ORDER_ACTS = ["mark-paid", "refund", "cancel", "review"] as const;
type OrderAct = (typeof ORDER_ACTS)[number];

export async function actOnOrder(order: string, act: OrderAct, reason: string) {
  await body(
    api.POST(`/api/v1/admin/orders/{order_number}/${act}`, {
      params: { path: { order_number: order } },
      body: { reason },
    }),
  );
  await renewed("orders", "attention");
}
