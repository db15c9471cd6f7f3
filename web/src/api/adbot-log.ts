import { queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type AdbotScope, adbotPath, useAdbotScope } from "./adbot-scope";
import { whileSending } from "./adbots";
import { api, body } from "./client";
import { pagedQuery } from "./queries";
import type { LogPage, ResultClass } from "./schema";

/** Filters of the log; left out: every line. */
export type LogFilter = { result?: ResultClass; group?: string };

type Asked = LogFilter & { limit: number; cursor?: string; from?: string; to?: string };

export const readLog = (id: string, scope: AdbotScope, asked: Asked): Promise<LogPage> =>
  body(api.GET(`${adbotPath(scope)}/logs`, { params: { path: { adbot_id: id }, query: asked } }));

/** The lines that are shown; later ones are put before them, they are never read again as a whole. */
export const logQuery = (id: string, scope: AdbotScope, filter: LogFilter) => ({
  ...pagedQuery(["adbot-log", id, scope, filter], (page) => readLog(id, scope, { ...filter, ...page })),
  staleTime: Number.POSITIVE_INFINITY,
  refetchOnWindowFocus: false,
  gcTime: 0,
});

/** The latest lines, read again with every change of the adbot. */
const latestQuery = (id: string, scope: AdbotScope, filter: LogFilter) =>
  queryOptions({
    queryKey: ["adbot", id, scope, "latest", filter],
    queryFn: () => readLog(id, scope, { ...filter, limit: 100 }),
    refetchInterval: () => whileSending(id, scope),
    gcTime: 0,
  });

export const useLog = (id: string, filter: LogFilter) =>
  useInfiniteQuery(logQuery(id, useAdbotScope(), filter));

export const useLatest = (id: string, filter: LogFilter) =>
  useQuery(latestQuery(id, useAdbotScope(), filter));
