/** Any adbot, as the operator sees it and acts on it. */

import { queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { adbotQuery, keepAdbot } from "./adbots";
import { api, body } from "./client";
import { renewed } from "./operator";
import { pagedQuery } from "./queries";
import type { AdbotState, AdbotStatus, AdminAdbot } from "./schema";

/** Filters of the list of all adbots; left out: all. */
type AdbotFilter = { status?: AdbotStatus; account?: string; text?: string };

const allAdbotsQuery = (filter: AdbotFilter) =>
  pagedQuery(["operator", "adbots", filter], (page) =>
    body(api.GET("/api/v1/admin/adbots", { params: { query: { ...filter, sort: "-created_at", ...page } } })),
  );

/** The same adbot as the views of its page read and write; the operator's answer has its account, too. */
const anyAdbotQuery = (id: string) => ({
  ...adbotQuery(id, "any"),
  select: (adbot: AdbotState) => adbot as AdminAdbot,
});

/** As many as an adbot has at most. */
const MOST_SEATS = 1000;

const seatsQuery = (id: string) =>
  queryOptions({
    queryKey: ["operator", "stock", "seats", id],
    queryFn: () =>
      body(api.GET("/api/v1/admin/stock", { params: { query: { adbot: id, limit: MOST_SEATS } } })),
  });

const seatFiguresQuery = (id: string) =>
  queryOptions({
    queryKey: ["operator", "stock", "figures", id],
    queryFn: () =>
      body(api.GET("/api/v1/admin/sessions", { params: { query: { adbot: id, limit: MOST_SEATS } } })),
  });

export const useAllAdbots = (filter: AdbotFilter) => useInfiniteQuery(allAdbotsQuery(filter));
export const useAnyAdbot = (id: string) => useQuery(anyAdbotQuery(id));
export const useSeats = (id: string) => useQuery(seatsQuery(id));
/** What the sessions on an adbot's seats did, on all adbots. */
export const useSeatFigures = (id: string) => useQuery(seatFiguresQuery(id));

const pathOf = (id: string) => ({ path: { adbot_id: id } });

async function kept(answer: Promise<AdminAdbot>): Promise<void> {
  await keepAdbot(await answer, "any");
  await renewed("stock", "notices");
}

export const startAdbot = (id: string) =>
  kept(body(api.POST("/api/v1/admin/adbots/{adbot_id}/start", { params: pathOf(id) })));

export const stopAdbot = (id: string) =>
  kept(body(api.POST("/api/v1/admin/adbots/{adbot_id}/stop", { params: pathOf(id) })));

export const restoreAdbot = (id: string) =>
  kept(body(api.POST("/api/v1/admin/adbots/{adbot_id}/restore", { params: pathOf(id) })));

export const extendAdbot = (id: string, days: number, reason: string) =>
  kept(
    body(api.POST("/api/v1/admin/adbots/{adbot_id}/extend", { params: pathOf(id), body: { days, reason } })),
  );

export const suspendAdbot = (id: string, release: boolean, reason: string) =>
  kept(
    body(
      api.POST("/api/v1/admin/adbots/{adbot_id}/suspend", {
        params: pathOf(id),
        body: { reason, release_sessions: release },
      }),
    ),
  );

export const replaceSeat = (id: string, session: string, reason: string) =>
  kept(
    body(
      api.POST("/api/v1/admin/adbots/{adbot_id}/seats/{session_id}/replace", {
        params: { path: { adbot_id: id, session_id: session } },
        body: { reason },
      }),
    ),
  );
