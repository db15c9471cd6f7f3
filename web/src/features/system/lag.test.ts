import { expect, test } from "vitest";
import { lagShare } from "./lag";

test("a small lag is seen, and a large one fills the bar", () => {
  expect(lagShare(0)).toBe(0);
  expect(lagShare(1)).toBeGreaterThan(3);
  expect(lagShare(99)).toBeCloseTo(50, 0);
  expect(lagShare(1_000_000)).toBe(100);
});
