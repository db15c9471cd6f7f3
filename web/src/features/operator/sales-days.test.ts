import { describe, expect, it } from "vitest";
import type { AdminOrderLine } from "../../api/schema";
import { salesByDay } from "./sales-days";

const NOON = Date.parse("2026-11-29T12:00:00Z");

function order(placed_at: string, order_status: AdminOrderLine["order_status"], price_usd: string) {
  return { placed_at, order_status, price_usd } as AdminOrderLine;
}

describe("salesByDay", () => {
  it("counts paid orders with their prices, and all others without", () => {
    const days = salesByDay(
      [
        order("2026-11-29T01:00:00Z", "FULFILLED", "0.10"),
        order("2026-11-29T02:00:00Z", "PAID", "0.20"),
        order("2026-11-28T23:59:59Z", "EXPIRED", "30"),
        order("2026-11-28T23:59:59Z", "REFUNDED", "30"),
        order("2026-01-01T00:00:00Z", "PAID", "30"),
      ],
      3,
      NOON,
    );
    expect(days).toEqual([
      { day: "2026-11-27", paid: 0, unpaid: 0, usd: 0 },
      { day: "2026-11-28", paid: 0, unpaid: 2, usd: 0 },
      { day: "2026-11-29", paid: 2, unpaid: 0, usd: 0.3 },
    ]);
  });
});
