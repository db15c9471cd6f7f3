import { expect, it } from "vitest";
import { anAdbot } from "../testing";
import { extendedUntil } from "./extended";

it("adds the plan's days to the end, and promises no date for an adbot whose days begin with the payment", () => {
  expect(extendedUntil(anAdbot({ valid_until: "2026-12-31T10:00:00Z" }), 30)).toBe(
    "2027-01-30T10:00:00.000Z",
  );
  expect(extendedUntil(anAdbot({ status: "EXPIRED" }), 30)).toBeNull();
  expect(extendedUntil(anAdbot({ valid_until: null }), 30)).toBeNull();
});
