import { queryOptions, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, body } from "./client";
import { pagedQuery, queries } from "./queries";
import type { SignedIn, SignInBody } from "./schema";
import { csrfHeader, onSession, refresh, session, signedIn } from "./session";

/** Returns who is signed in, null for nobody. */
export function useSession(): SignedIn | null {
  return useSyncExternalStore(onSession, session);
}

/** Resolves once it is known whether the browser's cookie signs somebody in. */
export async function restoredSession(): Promise<SignedIn | null> {
  return session() ?? refresh().catch(() => null);
}

export function useSignIn() {
  return useMutation({
    mutationFn: (wish: Pick<SignInBody, "access_code" | "one_time_code">) =>
      body(api.POST("/api/v1/auth/sign-in", { body: { ...wish, cookie: true } })),
    onSuccess: (next) => {
      queries.clear();
      signedIn(next);
    },
  });
}

export function useSignOut() {
  return useMutation({
    mutationFn: () => body(api.POST("/api/v1/auth/sign-out", { headers: csrfHeader() })),
  });
}

export const notificationsQuery = queryOptions({
  queryKey: ["notifications"],
  queryFn: () => body(api.GET("/api/v1/notifications", { params: { query: { limit: 30 } } })),
});

export const useNotifications = () => useQuery(notificationsQuery);

export function useMarkAllRead() {
  return useMutation({
    mutationFn: () => body(api.POST("/api/v1/notifications/read", { body: { all: true } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
}

export const ordersQuery = pagedQuery(["orders"], (page) =>
  body(api.GET("/api/v1/orders", { params: { query: page } })),
);

export const useOrders = () => useInfiniteQuery(ordersQuery);
