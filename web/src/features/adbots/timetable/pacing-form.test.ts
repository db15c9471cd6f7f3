import { describe, expect, it } from "vitest";
import { lacksTimes, pacingOf, timeOfDay, timesIn, valuesOf } from "./pacing-form";

const PACING = {
  time_zone: "Europe/Berlin",
  quiet_hours: { begin: "22:00", end: "06:00" },
  timetable: [{ days: ["monday" as const], times: ["09:30"] }],
  starts_at: "2026-12-01T08:00:00.000Z",
  ends_at: null,
  delay_seconds: 4,
  jitter_seconds: null,
};

describe("valuesOf and pacingOf", () => {
  it("bring back the same pacing", () => {
    expect(pacingOf(valuesOf(PACING, "America/New_York"))).toEqual(PACING);
  });

  it("show the period in the zone's own time", () => {
    expect(valuesOf(PACING, "UTC").starts_at).toBe("2026-12-01T09:00");
  });

  it("propose the reader's zone where none was chosen yet", () => {
    expect(valuesOf({}, "Europe/Berlin").time_zone).toBe("Europe/Berlin");
    expect(valuesOf(PACING, "America/New_York").time_zone).toBe("Europe/Berlin");
  });

  it("send no timetable for cycles at the interval, and leave out rows without a time", () => {
    const values = valuesOf(PACING, "UTC");
    expect(pacingOf({ ...values, mode: "interval" }).timetable).toEqual([]);
    expect(pacingOf({ ...values, rows: [{ key: "a", days: ["monday"], times: [] }] }).timetable).toEqual([]);
  });
});

describe("a period", () => {
  it("is left out while its year has too many digits", () => {
    const values = { ...valuesOf(PACING, "UTC"), starts_at: "20266-01-01T10:00" };
    expect(pacingOf(values).starts_at).toBeNull();
  });
});

describe("lacksTimes", () => {
  it("tells set times without a time from the interval", () => {
    const values = valuesOf({}, "UTC");
    expect(lacksTimes(values)).toBe(false);
    expect(lacksTimes({ ...values, mode: "times" })).toBe(true);
    expect(lacksTimes(valuesOf(PACING, "UTC"))).toBe(false);
  });
});

describe("timeOfDay", () => {
  it.each([
    ["9", "09:00"],
    ["9:05", "09:05"],
    ["23.59", "23:59"],
    ["24:00", null],
    ["noon", null],
  ])("%s is %s", (written, time) => {
    expect(timeOfDay(written)).toBe(time);
  });
});

describe("timesIn", () => {
  it("takes several at once, and says what is no time", () => {
    expect(timesIn(["18:00", "9:30, 18 noon"])).toEqual({ times: ["09:30", "18:00"], unknown: ["noon"] });
  });
});
