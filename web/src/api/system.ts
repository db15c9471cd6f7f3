/** What operators see of services, their readers and their tables. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import type { SERVICES } from "../routing/states";
import { api, body } from "./client";
import { renewed } from "./operator";
import type { RebuildLine } from "./schema";

const SOON_MS = 5_000;
const AT_ONCE_MS = 1_000;

/** Which blocked stream: that of one reader of one service. */
export type StreamKey = {
  service: (typeof SERVICES)[number];
  reader: string;
  source: string;
  stream: string;
};

/** Whether a rebuild goes on. */
export const isGoing = (rebuild: RebuildLine): boolean =>
  rebuild.state === "RUNNING" || rebuild.state === "SWAPPING";

const healthQuery = queryOptions({
  queryKey: ["operator", "health"],
  queryFn: () => body(api.GET("/api/v1/admin/health")),
  refetchInterval: SOON_MS,
});

const deadLettersQuery = queryOptions({
  queryKey: ["operator", "dead-letters"],
  queryFn: () => body(api.GET("/api/v1/admin/dead-letters")),
  refetchInterval: (query) =>
    query.state.data?.streams.some((one) => one.retry_requested) ? AT_ONCE_MS : SOON_MS,
});

const lettersQuery = (key: StreamKey) =>
  queryOptions({
    queryKey: ["operator", "dead-letters", key],
    queryFn: () => body(api.GET("/api/v1/admin/dead-letters/stream", { params: { query: key } })),
  });

const tablesQuery = queryOptions({
  queryKey: ["operator", "tables"],
  queryFn: () => body(api.GET("/api/v1/admin/tables")),
  refetchInterval: (query) =>
    query.state.data?.services.some((one) => one.rebuilds.some(isGoing)) ? AT_ONCE_MS : 2 * SOON_MS,
});

export type TableKey = { service: StreamKey["service"]; table: string };

const planQuery = ({ service, table }: TableKey) =>
  queryOptions({
    queryKey: ["operator", "rebuild-plan", service, table],
    queryFn: () =>
      body(api.GET("/api/v1/admin/tables/{service}/{table}", { params: { path: { service, table } } })),
    staleTime: 0,
    gcTime: 0,
  });

export const useHealth = () => useQuery(healthQuery);
export const useDeadLetters = () => useQuery(deadLettersQuery);
export const useLetters = (key: StreamKey) => useQuery(lettersQuery(key));
export const useTables = () => useQuery(tablesQuery);
export const useRebuildPlan = (key: TableKey, enabled: boolean) => useQuery({ ...planQuery(key), enabled });

async function done(answer: Promise<unknown>, ...keys: string[]): Promise<void> {
  try {
    await answer;
  } finally {
    await renewed("health", ...keys); // after a refusal, too: it may be about what is not shown yet
  }
}

export const retryStream = (wanted: StreamKey & { reason: string }) =>
  done(body(api.POST("/api/v1/admin/dead-letters/retry", { body: wanted })), "dead-letters");

export const retryAll = (reason: string) =>
  done(body(api.POST("/api/v1/admin/dead-letters/retry-all", { body: { reason } })), "dead-letters");

export const dropLetters = (wanted: StreamKey & { event: string; rest: boolean; reason: string }) =>
  done(body(api.POST("/api/v1/admin/dead-letters/drop", { body: wanted })), "dead-letters");

export const rebuild = ({ service, table }: TableKey, reason: string) =>
  done(
    body(
      api.POST("/api/v1/admin/tables/{service}/{table}/rebuild", {
        params: { path: { service, table } },
        body: { reason },
      }),
    ),
    "tables",
  );
