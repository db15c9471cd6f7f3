import { expect, it } from "vitest";
import { restingOf } from "./rests";

const NOW = Date.parse("2026-11-29T14:00:00Z");
const seat = (rests_until: string | null) => ({ rests_until });

it("says how many seats rest, and when the first of them goes on", () => {
  const later = seat("2026-11-29T15:00:00Z");
  const soon = seat("2026-11-29T14:05:00Z");
  expect(restingOf([later, soon, seat(null)], NOW)).toEqual({
    count: 2,
    all: false,
    until: "2026-11-29T14:05:00Z",
  });
  expect(restingOf([soon], NOW)?.all).toBe(true);
});

it("forgets a rest that is over", () => {
  expect(restingOf([seat("2026-11-29T13:59:00Z"), seat(null)], NOW)).toBeNull();
});
