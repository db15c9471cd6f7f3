import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./problem";

const TRIES = 3;

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
