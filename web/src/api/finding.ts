/** What the search looks up by itself, beside the pages. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import { useSession } from "./account";
import { api, body } from "./client";
import { isMissing } from "./problem";

const MOST = 6;
const SHORTEST = 2;

const ownOrders = (text: string) =>
  queryOptions({
    queryKey: ["orders", "found", text],
    queryFn: () => body(api.GET("/api/v1/orders", { params: { query: { limit: MOST, text } } })),
  });

const ownAdbots = queryOptions({
  queryKey: ["adbots", "found"],
  queryFn: () => body(api.GET("/api/v1/adbots", { params: { query: { limit: 100 } } })),
});

const ownAdbot = (id: string) =>
  queryOptions({
    queryKey: ["adbot", id, "found"],
    queryFn: () => body(api.GET("/api/v1/adbots/{adbot_id}", { params: { path: { adbot_id: id } } })),
    retry: false,
  });

const anyOrders = (text: string) =>
  queryOptions({
    queryKey: ["operator", "orders", "found", text],
    queryFn: () => body(api.GET("/api/v1/admin/orders", { params: { query: { limit: MOST, text } } })),
  });

const anyAccounts = (text: string) =>
  queryOptions({
    queryKey: ["operator", "accounts", "found", text],
    queryFn: () => body(api.GET("/api/v1/admin/accounts", { params: { query: { limit: MOST, text } } })),
  });

const anyAccount = (id: string) =>
  queryOptions({
    queryKey: ["operator", "accounts", "found", "one", id],
    queryFn: () => body(api.GET("/api/v1/admin/accounts/{account}", { params: { path: { account: id } } })),
    retry: false,
  });

const anyAdbots = (text: string) =>
  queryOptions({
    queryKey: ["operator", "adbots", "found", text],
    queryFn: () => body(api.GET("/api/v1/admin/adbots", { params: { query: { limit: MOST, text } } })),
  });

const anyAdbot = (id: string) =>
  queryOptions({
    queryKey: ["operator", "adbots", "found", "one", id],
    queryFn: () => body(api.GET("/api/v1/admin/adbots/{adbot_id}", { params: { path: { adbot_id: id } } })),
    retry: false,
  });

/** Looks a text up among what is the caller's own, and for operators among everything. */
export function useLookUp(text: string, isId: boolean) {
  const admin = useSession()?.account.role === "ADMIN";
  const words = text.length >= SHORTEST && !isId;
  const found = {
    adbots: useQuery(ownAdbots),
    adbot: useQuery({ ...ownAdbot(text), enabled: isId }),
    orders: useQuery({ ...ownOrders(text), enabled: words }),
    anyOrders: useQuery({ ...anyOrders(text), enabled: admin && words }),
    anyAccounts: useQuery({ ...anyAccounts(text), enabled: admin && words }),
    anyAdbots: useQuery({ ...anyAdbots(text), enabled: admin && words }),
    anyAccount: useQuery({ ...anyAccount(text), enabled: admin && isId }),
    anyAdbot: useQuery({ ...anyAdbot(text), enabled: admin && isId }),
  };
  return {
    adbots: found.adbots.data?.items ?? [],
    adbot: found.adbot.data,
    orders: found.orders.data?.items ?? [],
    anyOrders: found.anyOrders.data?.items ?? [],
    anyAccounts: found.anyAccounts.data?.items ?? [],
    anyAdbots: found.anyAdbots.data?.items ?? [],
    anyAccount: found.anyAccount.data,
    anyAdbot: found.anyAdbot.data,
    state: lookUpState(Object.values(found)),
  };
}

type Part = { isLoading: boolean; error: Error | null };

/** Whether all parts have answered; that there is no such thing is an answer. */
export type LookUpState = "done" | "looking" | "incomplete";

export function lookUpState(parts: Part[]): LookUpState {
  if (parts.some((one) => one.isLoading)) return "looking";
  return parts.some(({ error }) => error !== null && !isMissing(error)) ? "incomplete" : "done";
}
