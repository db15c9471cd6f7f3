import { infiniteQueryOptions, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./problem";

const TRIES = 3;
const PAGE = 100;

/** Whether a failed read is worth repeating: never after a refusal. */
function worthRetrying(count: number, error: Error): boolean {
  const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
  return !refused && count < TRIES;
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: worthRetrying, staleTime: 30_000, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});

/** Returns the options of a list that is read page by page; `read` sends what it is given with its filters. */
export function pagedQuery<P extends { next: string | null }>(
  queryKey: readonly unknown[],
  read: (page: { limit: number; cursor?: string }) => Promise<P>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => read({ limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: "",
    getNextPageParam: (page: P) => page.next,
  });
}

/** Returns how often a list is read again: while one page of it is shown, since all that are shown are read. */
export const pollOfFirstPage =
  (milliseconds: number) =>
  ({ state }: { state: { data?: { pages: unknown[] } | undefined } }): number | false =>
    (state.data?.pages.length ?? 0) > 1 ? false : milliseconds;
