/** The operator's switches: the pause of all adbots, blocked groups and channels. */

import { queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { BlockKind } from "../routing/states";
import { api, body } from "./client";
import { renewed } from "./operator";
import { pagedQuery, queries } from "./queries";
import type { Operations } from "./schema";

const SOON_MS = 15_000;

const operationsQuery = queryOptions({
  queryKey: ["operator", "operations", "state"],
  queryFn: () => body(api.GET("/api/v1/admin/operations")),
  refetchInterval: SOON_MS,
});

const blockedQuery = (kind: BlockKind, text: string) =>
  pagedQuery(["operator", "operations", kind, text], (page) =>
    body(
      api.GET(`/api/v1/admin/operations/${kind}`, {
        params: { query: { ...(text ? { text } : {}), ...page } },
      }),
    ),
  );

export const useOperations = (enabled = true) => useQuery({ ...operationsQuery, enabled });
export const useBlocked = (kind: BlockKind, text: string) => useInfiniteQuery(blockedQuery(kind, text));

async function kept(answer: Promise<Operations>): Promise<void> {
  queries.setQueryData(operationsQuery.queryKey, await answer);
  await Promise.all([
    renewed("operations", "forwarding", "adbots"),
    queries.invalidateQueries({ queryKey: ["adbot"] }),
  ]);
}

export const setPause = (act: "pause" | "resume", reason: string) =>
  kept(body(api.POST(`/api/v1/admin/operations/${act}`, { body: { reason } })));

export const setBlock = (kind: BlockKind, act: "block" | "unblock", chat: string, reason: string) =>
  kept(body(api.POST(`/api/v1/admin/operations/${kind}/${act}`, { body: { chat, reason } })));
