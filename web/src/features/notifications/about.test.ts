import { describe, expect, it } from "vitest";
import { pageAbout } from "./about";

const NOTHING = { kind: "expired", adbot: null, order_number: null, webhook: null } as const;

describe("pageAbout", () => {
  it("leads to the adbot, though its order is named too", () => {
    expect(pageAbout({ ...NOTHING, adbot: "7", order_number: "HQADZ-1-2" })).toBe("/adbots/7");
  });

  it("leads to the payment of an order, and to a webhook", () => {
    expect(pageAbout({ ...NOTHING, order_number: "HQADZ-1-2" })).toBe("/pay/HQADZ-1-2");
    expect(pageAbout({ ...NOTHING, webhook: "9" })).toBe("/profile?tab=webhooks&webhook=9");
  });

  it("leads nowhere without a thing", () => {
    expect(pageAbout(NOTHING)).toBeNull();
  });
});
