/** Figures of sales, counted from the list of orders, which the API reads page by page. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type { AdminOrderLine } from "./schema";

const PAGE = 500;
const MOST_PAGES = 10;
const DAY_MS = 86_400_000;
const SOMETIMES_MS = 60_000;

type Sales = { orders: AdminOrderLine[] /** Whether there are more than were read. */; cut: boolean };

/** Reads the orders that were placed since the beginning of the day (UTC) so many days ago. */
async function ordersSince(days: number, now: number): Promise<Sales> {
  const from = new Date(Math.floor(now / DAY_MS) * DAY_MS - (days - 1) * DAY_MS).toISOString();
  const orders: AdminOrderLine[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query: { from: string; limit: number; cursor?: string } = { from, limit: PAGE };
    if (cursor !== null) query.cursor = cursor;
    const read: { items: AdminOrderLine[]; next: string | null } = await body(
      api.GET("/api/v1/admin/orders", { params: { query } }),
    );
    orders.push(...read.items);
    cursor = read.next;
    if (cursor === null) return { orders, cut: false };
  }
  return { orders, cut: true };
}

const salesQuery = (days: number) =>
  queryOptions({
    queryKey: ["operator", "sales", days],
    queryFn: () => ordersSince(days, Date.now()),
    refetchInterval: SOMETIMES_MS,
  });

export const useSales = (days: number) => useQuery(salesQuery(days));
