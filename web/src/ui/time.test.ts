import { afterEach, describe, expect, it } from "vitest";
import { prefer } from "../preferences";
import { clockTime, exactTime, preciseTime, relativeTime, timeLeft, wholeUnits } from "./time";

describe("timeLeft", () => {
  it.each([
    [-3, "0 s"],
    [59.9, "59 s"],
    [60, "1:00"],
    [3599, "59:59"],
    [3600, "1:00:00"],
    [86_399, "23:59:59"],
    [3 * 86_400 + 7200, "3 d 2 h"],
  ])("%d seconds are %s", (seconds, shown) => {
    expect(timeLeft(seconds)).toBe(shown);
  });
});

describe("relativeTime", () => {
  const noon = Date.parse("2026-11-29T12:00:00Z");
  it.each([
    ["2026-11-29T12:00:00Z", "now"],
    ["2026-11-29T11:59:30Z", "30 seconds ago"],
    ["2026-11-29T12:05:00Z", "in 5 minutes"],
    ["2026-11-29T11:00:20Z", "1 hour ago"],
    ["2026-11-28T12:20:00Z", "1 day ago"],
    ["2026-11-28T12:00:00Z", "1 day ago"],
    ["2026-11-30T18:00:00Z", "in 1 day"],
    ["2026-12-29T12:00:00Z", "in 30 days"],
  ])("%s is %s", (at, shown) => {
    expect(relativeTime(at, noon)).toBe(shown);
  });
});

describe("wholeUnits", () => {
  it("says a duration in the largest unit that is whole", () => {
    expect(wholeUnits(7200)).toEqual({ unit: "hours", count: 2 });
    expect(wholeUnits(90)).toEqual({ unit: "seconds", count: 90 });
    expect(wholeUnits(172_800)).toEqual({ unit: "days", count: 2 });
  });
});

describe("the time zone that a device prefers", () => {
  afterEach(() => prefer({ zone: null }));

  it("is that of all times", () => {
    prefer({ zone: "Asia/Tokyo" });
    const at = "2026-11-29T16:00:01.234Z";
    expect(clockTime(at, Date.parse(at))).toBe("01:00");
    expect(preciseTime(at)).toBe("01:00:01.234");
    expect(exactTime(at)).toMatch(/^30 Nov 2026.*01:00:01.*GMT\+9$/);
  });
});
