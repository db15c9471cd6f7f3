import type { AdminOrderLine } from "../../api/schema";

const DAY_MS = 86_400_000;
const CENTS = 100;

type SalesDay = { day: string; paid: number; unpaid: number; usd: number };

/** Returns the last days (UTC), today included, the first first. */
function lastDays(days: number, now: number): string[] {
  return Array.from({ length: days }, (_, place) =>
    new Date(now - (days - 1 - place) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** Returns the orders of the last days (UTC) by the day on which they were placed, days without any too. */
export function salesByDay(orders: AdminOrderLine[], days: number, now: number): SalesDay[] {
  const found = new Map<string, SalesDay>();
  for (const day of lastDays(days, now)) found.set(day, { day, paid: 0, unpaid: 0, usd: 0 });
  for (const order of orders) {
    const day = found.get(order.placed_at.slice(0, 10));
    if (day === undefined) continue;
    if (order.order_status === "PAID" || order.order_status === "FULFILLED") {
      day.paid += 1;
      day.usd = Math.round((day.usd + Number(order.price_usd)) * CENTS) / CENTS;
    } else {
      day.unpaid += 1;
    }
  }
  return [...found.values()];
}
