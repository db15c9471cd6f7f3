/** What operators ask and do; the gateway refuses it to everybody else. */

import { queryOptions, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { pagedQuery, queries } from "./queries";
import type { OrderStatus, SessionState } from "./schema";

const ALL = 100;
const SOON_MS = 15_000;

const renewed = (...keys: string[]) =>
  Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: ["operator", key] })));

export const noticesQuery = queryOptions({
  queryKey: ["operator", "notices"],
  queryFn: () => body(api.GET("/api/v1/admin/notices", { params: { query: { limit: ALL } } })),
  refetchInterval: SOON_MS,
});

export const attentionQuery = pagedQuery(["operator", "attention"], (page) =>
  body(api.GET("/api/v1/admin/orders/attention", { params: { query: page } })),
);

export const forwardingQuery = queryOptions({
  queryKey: ["operator", "forwarding"],
  queryFn: () => body(api.GET("/api/v1/admin/forwarding")),
  refetchInterval: SOON_MS,
});

export const stockQuery = (state: SessionState | null) =>
  pagedQuery(["operator", "stock", state], (page) =>
    body(api.GET("/api/v1/admin/stock", { params: { query: { ...(state ? { state } : {}), ...page } } })),
  );

/** Filters of a list of orders; left out: all. */
export type OrderFilter = { order_status?: OrderStatus; text?: string };

export const allOrdersQuery = (filter: OrderFilter) =>
  pagedQuery(["operator", "orders", filter], (page) =>
    body(api.GET("/api/v1/admin/orders", { params: { query: { ...filter, ...page } } })),
  );

export const anyOrderQuery = (order: string) =>
  queryOptions({
    queryKey: ["operator", "orders", "one", order],
    queryFn: () =>
      body(api.GET("/api/v1/admin/orders/{order_number}", { params: { path: { order_number: order } } })),
  });

export const accountsQuery = (text: string) =>
  pagedQuery(["operator", "accounts", text], (page) =>
    body(api.GET("/api/v1/admin/accounts", { params: { query: { ...(text ? { text } : {}), ...page } } })),
  );

export const useNotices = () => useQuery(noticesQuery);
export const useAttention = () => useInfiniteQuery({ ...attentionQuery, refetchInterval: SOON_MS });
export const useForwarding = () => useQuery(forwardingQuery);
export const useStock = (state: SessionState | null) => useInfiniteQuery(stockQuery(state));
export const useAllOrders = (filter: OrderFilter) => useInfiniteQuery(allOrdersQuery(filter));
export const useAnyOrder = (order: string) => useQuery(anyOrderQuery(order));
export const useAccounts = (text: string) => useInfiniteQuery(accountsQuery(text));

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

export function useAddSession() {
  return useMutation({
    mutationFn: (file: File) => {
      const form = new FormData();
      form.set("file", file);
      return body(api.POST("/api/v1/admin/sessions", { body: {}, bodySerializer: () => form, params: {} }));
    },
    onSuccess: () => renewed("stock"),
  });
}

/** What an operator can do with an order; each asks for a reason, which is recorded. */
export const ORDER_ACTS = ["mark-paid", "refund", "cancel", "review"] as const;
export type OrderAct = (typeof ORDER_ACTS)[number];

export function useActOnOrder(order: string) {
  return useMutation({
    mutationFn: ({ act, reason }: { act: OrderAct; reason: string }) =>
      body(
        api.POST(`/api/v1/admin/orders/{order_number}/${act}`, {
          params: { path: { order_number: order } },
          body: { reason },
        }),
      ),
    onSuccess: () => renewed("orders", "attention"),
  });
}

export type AccountAct = { account: string; act: "suspend" | "restore" | "sign-out"; reason: string };

export function useActOnAccount() {
  return useMutation({
    mutationFn: ({ account, act, reason }: AccountAct) => {
      const path = { params: { path: { account } } };
      if (act === "suspend") {
        return body(api.POST("/api/v1/admin/accounts/{account}/suspend", { ...path, body: { reason } }));
      }
      return act === "restore"
        ? body(api.POST("/api/v1/admin/accounts/{account}/restore", path))
        : body(api.POST("/api/v1/admin/accounts/{account}/sign-out", path));
    },
    onSuccess: () => renewed("accounts"),
  });
}
