import { describe, expect, it } from "vitest";
import { paidPercent, stageOf } from "./stage";

const NOON = Date.parse("2026-11-29T12:00:00Z");
const PAYMENT = {
  order_status: "PENDING",
  payment_status: "WAITING",
  pay_address: "bc1",
  expires_at: "2026-11-29T13:00:00Z",
} as const;

describe("stageOf", () => {
  it("follows a pending payment", () => {
    expect(stageOf({ ...PAYMENT, payment_status: "REQUESTED", pay_address: null }, NOON)).toBe("preparing");
    expect(stageOf(PAYMENT, NOON)).toBe("waiting");
    expect(stageOf({ ...PAYMENT, payment_status: "CONFIRMING" }, NOON)).toBe("confirming");
    expect(stageOf({ ...PAYMENT, payment_status: "PARTIALLY_PAID" }, NOON)).toBe("partial");
  });

  it("counts the order before its payment: what an operator marked as paid is paid", () => {
    const partly = { ...PAYMENT, payment_status: "PARTIALLY_PAID" } as const;
    expect(stageOf({ ...partly, order_status: "FULFILLED" }, NOON)).toBe("paid");
    expect(stageOf({ ...PAYMENT, order_status: "CANCELLED" }, NOON)).toBe("cancelled");
  });

  it("asks for no payment after the end of the time, though the order may not have expired yet", () => {
    expect(stageOf(PAYMENT, Date.parse(PAYMENT.expires_at))).toBe("late");
  });
});

describe("paidPercent", () => {
  it("never says that all was paid", () => {
    expect(paidPercent("0.00046", "0.00092")).toBe(50);
    expect(paidPercent("0.99999", "1")).toBe(99);
    expect(paidPercent(null, "1")).toBe(0);
    expect(paidPercent("1", null)).toBe(0);
  });
});
