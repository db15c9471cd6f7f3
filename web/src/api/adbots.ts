import { queryOptions, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { pagedQuery, queries } from "./queries";
import type { AdbotState, AdvertisementBody, GroupState, ResultClass } from "./schema";

/** Filters of the log; left out: every line. */
export type LogFilter = { result?: ResultClass; group?: string };

export const adbotsQuery = pagedQuery(["adbots"], (page) =>
  body(api.GET("/api/v1/adbots", { params: { query: page } })),
);

export const adbotQuery = (id: string) =>
  queryOptions({
    queryKey: ["adbot", id],
    queryFn: () => body(api.GET("/api/v1/adbots/{adbot_id}", { params: { path: { adbot_id: id } } })),
  });

export const statisticsQuery = (id: string) =>
  queryOptions({
    queryKey: ["adbot", id, "statistics"],
    queryFn: () =>
      body(api.GET("/api/v1/adbots/{adbot_id}/statistics", { params: { path: { adbot_id: id } } })),
  });

export const logQuery = (id: string, filter: LogFilter) =>
  pagedQuery(["adbot", id, "log", filter], (page) =>
    body(
      api.GET("/api/v1/adbots/{adbot_id}/logs", {
        params: { path: { adbot_id: id }, query: { ...filter, ...page } },
      }),
    ),
  );

export const groupsQuery = (id: string, state: GroupState | null) =>
  pagedQuery(["adbot", id, "groups", state], (page) =>
    body(
      api.GET("/api/v1/adbots/{adbot_id}/groups", {
        params: { path: { adbot_id: id }, query: { ...(state ? { state } : {}), ...page } },
      }),
    ),
  );

export const useAdbots = () => useInfiniteQuery(adbotsQuery);
export const useAdbot = (id: string) => useQuery(adbotQuery(id));
export const useStatistics = (id: string) => useQuery(statisticsQuery(id));
export const useLog = (id: string, filter: LogFilter) => useInfiniteQuery(logQuery(id, filter));
export const useGroups = (id: string, state: GroupState | null) => useInfiniteQuery(groupsQuery(id, state));

function keep(adbot: AdbotState): void {
  queries.setQueryData(adbotQuery(adbot.id).queryKey, adbot);
  void queries.invalidateQueries({ queryKey: adbotsQuery.queryKey });
}

export function useStart(id: string) {
  return useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/adbots/{adbot_id}/start", { params: { path: { adbot_id: id } } })),
    onSuccess: keep,
  });
}

export function useStop(id: string) {
  return useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/adbots/{adbot_id}/stop", { params: { path: { adbot_id: id } } })),
    onSuccess: keep,
  });
}

export function useSetAdvertisement(id: string) {
  return useMutation({
    mutationFn: (wish: AdvertisementBody) =>
      body(
        api.PUT("/api/v1/adbots/{adbot_id}/advertisement", {
          params: { path: { adbot_id: id } },
          body: wish,
        }),
      ),
    onSuccess: keep,
  });
}

export function useCheckPosts(id: string) {
  return useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/adbots/{adbot_id}/post-checks", { params: { path: { adbot_id: id } } })),
  });
}

/** Reads a post check every second until each seat has answered. */
export function usePostCheck(id: string, check: string | null) {
  return useQuery({
    queryKey: ["adbot", id, "post-check", check],
    queryFn: () =>
      body(
        api.GET("/api/v1/adbots/{adbot_id}/post-checks/{check_id}", {
          params: { path: { adbot_id: id, check_id: check ?? "" } },
        }),
      ),
    enabled: check !== null,
    refetchInterval: ({ state }) => (state.data?.status === "RUNNING" ? 1000 : false),
  });
}
