import { describe, expect, it } from "vitest";
import { followedOf, queryOf } from "./following";

describe("following events", () => {
  it("asks for what the filter names, after some earlier events", () => {
    expect(queryOf({ services: ["billing", "gateway"], types: ["OrderPlaced"], stream: "order-" })).toBe(
      "last=100&service=billing&service=gateway&type=OrderPlaced&stream=order-",
    );
    expect(queryOf({ services: [], types: [], stream: "" })).toBe("last=100");
  });

  it("understands events and gaps, and passes over the rest", () => {
    expect(followedOf({ type: "gap", id: null, data: '{"lost": 7}' })).toEqual({ lost: 7 });
    expect(followedOf({ type: "event", id: "9", data: '{"type":"OrderPlaced"}' })).toEqual({
      id: "9",
      event: { type: "OrderPlaced" },
    });
    expect(followedOf({ type: "end", id: null, data: '{"code":"stopping"}' })).toBeNull();
  });
});
