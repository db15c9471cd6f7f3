import { queryOptions, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { type AdbotScope, adbotPath, useAdbotScope } from "./adbot-scope";
import { api, body } from "./client";
import { pagedQuery, queries } from "./queries";
import type { AdbotPacing, AdbotState, AdvertisementBody, CheckoutView } from "./schema";

/** No event says how far a cycle has come. */
const SENDING_MS = 5000;

const pathOf = (id: string) => ({ path: { adbot_id: id } });

const adbotsQuery = pagedQuery(["adbots"], (page) =>
  body(api.GET("/api/v1/adbots", { params: { query: page } })),
);

export const adbotQuery = (id: string, scope: AdbotScope) =>
  queryOptions({
    queryKey: ["adbot", id, scope, "state"],
    queryFn: (): Promise<AdbotState> => body(api.GET(adbotPath(scope), { params: pathOf(id) })),
    refetchInterval: () => whileSending(id, scope),
  });

/** Returns how often what a cycle changes is read again: while the page shows that one is being sent. */
export function whileSending(id: string, scope: AdbotScope): number | false {
  const shown = queries.getQueryCache().find<AdbotState>({ queryKey: ["adbot", id, scope, "state"] });
  const running = shown?.isActive() ? (shown.state.data?.cycles.running ?? null) : null;
  return running === null ? false : SENDING_MS;
}

const statisticsQuery = (id: string, scope: AdbotScope) =>
  queryOptions({
    queryKey: ["adbot", id, scope, "statistics"],
    queryFn: () => body(api.GET(`${adbotPath(scope)}/statistics`, { params: pathOf(id) })),
    refetchInterval: () => whileSending(id, scope),
  });

export const useAdbots = () => useInfiniteQuery(adbotsQuery);
export const useAdbot = (id: string) => useQuery(adbotQuery(id, useAdbotScope()));
export const useStatistics = (id: string, enabled = true) =>
  useQuery({ ...statisticsQuery(id, useAdbotScope()), enabled });

/** Shows an adbot as a write has answered it, and reads again what else it changes. */
export async function keepAdbot(adbot: AdbotState, scope: AdbotScope): Promise<void> {
  const { queryKey } = adbotQuery(adbot.id, scope);
  await queries.cancelQueries({ queryKey }); // what is being read may be older than the write
  queries.setQueryData(queryKey, adbot);
  const changed = [["adbot", adbot.id, scope, "groups"], ["adbots"], ["group-lists"], ["operator", "adbots"]];
  await Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey })));
}

/** Returns a mutation whose answer is the adbot after it. */
export function useWriteAdbot<T>(write: (wish: T, scope: AdbotScope) => Promise<AdbotState>) {
  const scope = useAdbotScope();
  return useMutation({
    mutationFn: (wish: T) => write(wish, scope),
    onSuccess: (adbot) => keepAdbot(adbot, scope),
  });
}

export const useStart = (id: string) =>
  useWriteAdbot<void>((_, scope) => body(api.POST(`${adbotPath(scope)}/start`, { params: pathOf(id) })));

export const useStop = (id: string) =>
  useWriteAdbot<void>((_, scope) => body(api.POST(`${adbotPath(scope)}/stop`, { params: pathOf(id) })));

type Posts = Required<Pick<AdvertisementBody, "order" | "format" | "options">> & { posts: string[] };

/** Sets the posts and how they are sent; the groups stay as they are, also if another device has changed them. */
export const useSetPosts = (id: string) =>
  useWriteAdbot<Posts>(async (wish, scope) => {
    const { advertisement } = await queries.fetchQuery({ ...adbotQuery(id, scope), staleTime: 0 });
    const [post = ""] = wish.posts;
    const hasGroups = (advertisement?.groups.length ?? 0) + (advertisement?.lists.length ?? 0) > 0;
    // a change takes one post, in the place of all
    if (scope === "own" && !hasGroups && wish.posts.length === 1) {
      const sent =
        wish.format === "plain" ? post : { kind: "text" as const, text: post, format: wish.format };
      return body(
        api.PATCH("/api/v1/adbots/{adbot_id}/advertisement", { params: pathOf(id), body: { post: sent } }),
      );
    }
    const { groups = [], lists = [], group_options = [] } = advertisement ?? {};
    return body(
      api.PUT(`${adbotPath(scope)}/advertisement`, {
        params: pathOf(id),
        body: { ...wish, groups, lists, group_options },
      }),
    );
  });

/** Sets when cycles are due and how fast seats send; what is left out is not set. */
export const useSetPacing = (id: string) =>
  useWriteAdbot<AdbotPacing>((pacing, scope) =>
    body(api.PUT(`${adbotPath(scope)}/pacing`, { params: pathOf(id), body: pacing })),
  );

/** Orders the adbot's plan once more; the order's payment extends the adbot. */
export function useRenew(id: string) {
  return useMutation({
    mutationFn: (coin: string): Promise<CheckoutView> =>
      body(
        api.POST("/api/v1/adbots/{adbot_id}/renewal", { params: pathOf(id), body: { pay_currency: coin } }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["orders"] }),
  });
}
