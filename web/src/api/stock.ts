/** The stock: sessions and Telegram applications. */

import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { renewed } from "./operator";
import { pagedQuery, pollOfFirstPage } from "./queries";
import type { SessionState, TelegramApplicationBody } from "./schema";

const SOON_MS = 15_000;

/** Filters of the stock; left out: all. */
export type StockFilter = { state?: SessionState; text?: string };

const stockQuery = (filter: StockFilter) =>
  pagedQuery(["operator", "stock", filter], (page) =>
    body(api.GET("/api/v1/admin/stock", { params: { query: { ...filter, ...page } } })),
  );

export const useStock = (filter: StockFilter) =>
  useInfiniteQuery({
    ...stockQuery(filter),
    refetchInterval: pollOfFirstPage(SOON_MS),
    select: (read) => ({ ...read, pages: read.pages.map(({ sessions }) => ({ items: sessions })) }),
  });

/** How many sessions are in each state. */
export const useStockCounts = () =>
  useQuery({
    queryKey: ["operator", "stock", "counts"],
    queryFn: () => body(api.GET("/api/v1/admin/stock", { params: { query: { limit: 1 } } })),
    refetchInterval: SOON_MS,
  });

/** Sends a session's file; `key` lets a repetition after a lost answer count once. */
export function sendSession(file: File, key: string) {
  const form = new FormData();
  form.set("file", file);
  return body(
    api.POST("/api/v1/admin/sessions", {
      body: {},
      bodySerializer: () => form,
      params: {},
      headers: { "Idempotency-Key": key },
    }),
  );
}

export function useAddApplication() {
  return useMutation({
    mutationFn: (wish: TelegramApplicationBody) =>
      body(api.POST("/api/v1/admin/telegram-applications", { body: wish })),
    onSuccess: () => renewed("stock"),
    gcTime: 0, // it holds the hash
  });
}

export async function retireSession(session: string, reason: string) {
  await body(
    api.POST("/api/v1/admin/sessions/{session_id}/retire", {
      params: { path: { session_id: session } },
      body: { reason },
    }),
  );
  await renewed("stock", "adbots");
}
