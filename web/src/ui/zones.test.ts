import { describe, expect, it } from "vitest";
import { instantOf, localOf, weekdayOf } from "./zones";

const utc = (text: string) => Date.parse(`${text}Z`);

describe("instantOf", () => {
  it.each([
    ["UTC", "2026-11-29T12:00", "2026-11-29T12:00"],
    ["Europe/Berlin", "2026-11-29T12:00", "2026-11-29T11:00"],
    ["America/New_York", "2026-07-01T00:00", "2026-07-01T04:00"],
    ["Asia/Kolkata", "2026-11-29T09:30", "2026-11-29T04:00"],
    ["Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"], // skipped: the next time that there is
    ["Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"], // shown twice: the first one
    ["Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"], // half an hour is skipped
  ])("%s %s is %s in UTC", (zone, local, instant) => {
    expect(new Date(instantOf(zone, utc(local))).toISOString()).toBe(`${instant}:00.000Z`);
  });
});

describe("localOf", () => {
  it("is what the clocks show", () => {
    expect(localOf("Europe/Berlin", utc("2026-07-01T22:30"))).toBe(utc("2026-07-02T00:30"));
  });
});

it("knows which day a week begins with", () => {
  expect(weekdayOf(utc("2026-11-29T00:00"))).toBe(6);
  expect(weekdayOf(utc("2026-11-30T00:00"))).toBe(0);
});
