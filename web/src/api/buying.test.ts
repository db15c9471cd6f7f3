import { describe, expect, it } from "vitest";
import { pauseAfter } from "./buying";
import { ApiError } from "./problem";

describe("pauseAfter", () => {
  it("asks soon for an address that is not there yet", () => {
    const preparing = pauseAfter({ order_status: "PENDING", pay_address: null }, false);
    const waiting = pauseAfter({ order_status: "PENDING", pay_address: "bc1" }, false);
    expect(Number(preparing)).toBeLessThan(Number(waiting));
  });

  it("asks rarely while nobody looks", () => {
    expect(pauseAfter({ order_status: "PENDING", pay_address: null }, true)).toBe(30_000);
  });

  it("asks no more for an order that there is not, or that no order can be", () => {
    const malformed = { errors: [{ field: "path.order_number", message: "is malformed" }] };
    expect(pauseAfter(undefined, false, new ApiError(404, {}, null))).toBe(false);
    expect(pauseAfter(undefined, false, new ApiError(422, malformed, null))).toBe(false);
    expect(pauseAfter(undefined, false, new ApiError(503, {}, null))).toBe(5000);
  });

  it("asks on after the end of the time, for a payment that is late", () => {
    expect(pauseAfter({ order_status: "EXPIRED", pay_address: "bc1" }, false)).toBe(5000);
    expect(pauseAfter({ order_status: "FULFILLED", pay_address: "bc1" }, false)).toBe(false);
  });
});
