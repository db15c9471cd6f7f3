import { describe, expect, it } from "vitest";
import { planOf, valuesOf } from "./plan-form";

describe("planOf", () => {
  it("sends the interval in seconds, and no limit that was left empty", () => {
    const form = { ...valuesOf(undefined), code: " gold ", price_usd: "9.50", minutes: 0.5, max_posts: 3 };
    expect(planOf(form)).toMatchObject({
      code: "gold",
      price_usd: "9.50",
      interval_seconds: 30,
      max_posts: 3,
    });
    expect(planOf(form)).not.toHaveProperty("max_groups");
  });
});
