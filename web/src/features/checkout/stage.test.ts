import { describe, expect, it } from "vitest";
import { stageOf } from "./stage";

describe("stageOf", () => {
  it("follows a pending payment", () => {
    expect(stageOf({ order_status: "PENDING", payment_status: "WAITING" })).toBe("waiting");
    expect(stageOf({ order_status: "PENDING", payment_status: "CONFIRMING" })).toBe("confirming");
    expect(stageOf({ order_status: "PENDING", payment_status: "PARTIALLY_PAID" })).toBe("partial");
  });

  it("counts the order before its payment: what an operator marked as paid is paid", () => {
    expect(stageOf({ order_status: "FULFILLED", payment_status: "PARTIALLY_PAID" })).toBe("paid");
    expect(stageOf({ order_status: "CANCELLED", payment_status: "WAITING" })).toBe("expired");
  });
});
