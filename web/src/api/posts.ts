import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { adbotPath, useAdbotScope } from "./adbot-scope";
import { api, body } from "./client";

const KEPT_MS = 10 * 60_000;

/** What a post is read as, and what is wrong with its form; nothing is stored or sent. */
const validityQuery = (post: string) =>
  queryOptions({
    queryKey: ["post-validity", post],
    queryFn: () => body(api.POST("/api/v1/posts/validate", { body: { post } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    enabled: post.trim() !== "",
  });

export const usePostValidity = (post: string) => useQuery(validityQuery(post));

/** Begins a look of all seats at posts; without any, at those of the adbot. */
export function useCheckPosts(id: string) {
  const scope = useAdbotScope();
  return useMutation({
    mutationFn: (posts: string[]) =>
      body(
        api.POST(`${adbotPath(scope)}/post-checks`, { params: { path: { adbot_id: id } }, body: { posts } }),
      ),
  });
}

/** Reads a post check every second until each seat has answered. */
export function usePostCheck(id: string, check: string | null) {
  const scope = useAdbotScope();
  return useQuery({
    queryKey: ["adbot", id, scope, "post-check", check],
    queryFn: () =>
      body(
        api.GET(`${adbotPath(scope)}/post-checks/{check_id}`, {
          params: { path: { adbot_id: id, check_id: check ?? "" } },
        }),
      ),
    enabled: check !== null,
    refetchInterval: ({ state }) => (state.data?.status === "RUNNING" ? 1000 : false),
  });
}

/** The last checks of an adbot's posts, the latest first. */
export function usePostChecks(id: string) {
  const scope = useAdbotScope();
  return useQuery({
    queryKey: ["adbot", id, scope, "post-checks"],
    queryFn: () =>
      body(
        api.GET(`${adbotPath(scope)}/post-checks`, {
          params: { path: { adbot_id: id }, query: { limit: 1 } },
        }),
      ),
  });
}
