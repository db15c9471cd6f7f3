import { useQuery } from "@tanstack/react-query";
import type { Span } from "../routing/adbot-search";
import { adbotPath, useAdbotScope } from "./adbot-scope";
import { api, body } from "./client";

const AGAIN_MS = 30_000;
const SOMETIMES_MS = 60_000;

/** What an adbot sent in each of the last 24 hours, or 14 days of a time zone, in order. */
export function usePeriods(id: string, span: Span, zone: string) {
  const scope = useAdbotScope();
  const query = span === "hours" ? ({ by: "hour" } as const) : ({ by: "day", time_zone: zone } as const);
  return useQuery({
    queryKey: ["adbot", id, scope, "periods", query],
    queryFn: () =>
      body(api.GET(`${adbotPath(scope)}/statistics/periods`, { params: { path: { adbot_id: id }, query } })),
    refetchInterval: AGAIN_MS,
  });
}

/** What all adbots sent on each of the last days (UTC), in order. */
export const useDaysOfAll = (last: number) =>
  useQuery({
    queryKey: ["operator", "periods", last],
    queryFn: () =>
      body(api.GET("/api/v1/admin/statistics/periods", { params: { query: { by: "day", last } } })),
    refetchInterval: SOMETIMES_MS,
  });
