import { queryOptions, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, body } from "./client";
import { pagedQuery, queries } from "./queries";
import type { OrderStatus, SignedIn, SignInBody } from "./schema";
import { csrfHeader, onSession, refresh, session, signedIn } from "./session";

/** Returns who is signed in, null for nobody. */
export function useSession(): SignedIn | null {
  return useSyncExternalStore(onSession, session);
}

/** Resolves once it is known whether the browser's cookie signs somebody in; fails while nobody can say. */
export async function restoredSession(): Promise<SignedIn | null> {
  return session() ?? refresh();
}

export function useSignIn() {
  return useMutation({
    mutationFn: (wish: Pick<SignInBody, "access_code" | "one_time_code">) =>
      body(api.POST("/api/v1/auth/sign-in", { body: { ...wish, cookie: true } })),
    onSuccess: (next) => {
      queries.clear();
      signedIn(next);
    },
    gcTime: 0, // it holds the access code
  });
}

export const signOut = () => body(api.POST("/api/v1/auth/sign-out", { headers: csrfHeader() }));

const NEWEST = 6;

/** The latest notifications, and how many are unread in all. */
const newestQuery = queryOptions({
  queryKey: ["notifications", "newest"],
  queryFn: () => body(api.GET("/api/v1/notifications", { params: { query: { limit: NEWEST } } })),
});

const notificationsQuery = (unread: boolean) =>
  pagedQuery(["notifications", "list", unread], (page) =>
    body(
      api.GET("/api/v1/notifications", {
        params: { query: { ...(unread ? { unread } : {}), ...page } },
      }),
    ),
  );

export const useNewest = () => useQuery(newestQuery);
export const useNotifications = (unread: boolean) => useInfiniteQuery(notificationsQuery(unread));

/** Marks notifications as read: those with these ids, or all. */
export function useMarkRead() {
  return useMutation({
    mutationFn: (which: { ids: string[] } | { all: true }) =>
      body(api.POST("/api/v1/notifications/read", { body: which })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
}

const ordersQuery = (status: OrderStatus | null) =>
  pagedQuery(["orders", "list", status], (page) =>
    body(
      api.GET("/api/v1/orders", {
        params: { query: { ...(status ? { order_status: status } : {}), ...page } },
      }),
    ),
  );

export const useOrders = (status: OrderStatus | null) => useInfiniteQuery(ordersQuery(status));

export async function cancelOrder(order: string): Promise<void> {
  await body(api.POST("/api/v1/orders/{order_number}/cancel", { params: { path: { order_number: order } } }));
  await Promise.all([
    queries.invalidateQueries({ queryKey: ["orders"] }),
    queries.invalidateQueries({ queryKey: ["payment", order] }),
  ]);
}
