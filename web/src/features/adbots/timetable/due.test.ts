import { describe, expect, it } from "vitest";
import type { AdbotPacing } from "../../../api/schema";
import { anAdbot } from "../testing";
import { nextTimes } from "./due";

const NOW = Date.parse("2026-11-29T12:10:00Z"); // a Sunday
const shown = (pacing: AdbotPacing, change: Parameters<typeof anAdbot>[0] = {}, now = NOW) =>
  nextTimes(anAdbot(change), pacing, now, 3).map((at) => new Date(at).toISOString().slice(5, 16));

describe("nextTimes", () => {
  it("are an interval apart, the first one an interval after the last cycle", () => {
    const cycles = { ...anAdbot().cycles, last_due_at: "2026-11-29T11:30:00Z" };
    expect(shown({}, { cycles })).toEqual(["11-29T12:30", "11-29T13:30", "11-29T14:30"]);
    expect(shown({})[0]).toBe("11-29T12:10");
  });

  it("are those of a timetable, in its zone", () => {
    const timetable = [
      { days: ["sunday", "monday"] as const, times: ["18:00", "09:00"] },
      { days: ["monday"] as const, times: ["12:30"] },
    ].map(({ days, times }) => ({ days: [...days], times }));
    expect(shown({ time_zone: "Europe/Berlin", timetable })).toEqual([
      "11-29T17:00",
      "11-30T08:00",
      "11-30T11:30",
    ]);
  });

  it("are moved to the end of quiet hours, also over midnight", () => {
    const pacing = { time_zone: "UTC", quiet_hours: { begin: "13:00", end: "06:00" } };
    expect(shown(pacing)).toEqual(["11-29T12:10", "11-30T06:00", "11-30T07:00"]);
  });

  it("lie within the period", () => {
    const pacing = { starts_at: "2026-11-29T20:00:00Z", ends_at: "2026-11-29T21:30:00Z" };
    expect(shown(pacing)).toEqual(["11-29T20:00", "11-29T21:00"]);
  });

  it("keep the hour when clocks are set back", () => {
    const timetable = [{ days: ["saturday" as const, "sunday" as const], times: ["09:00"] }];
    const before = Date.parse("2026-10-24T00:00:00Z");
    expect(shown({ time_zone: "Europe/Berlin", timetable }, {}, before).slice(0, 2)).toEqual([
      "10-24T07:00",
      "10-25T08:00",
    ]);
  });

  it("are none for a timetable that has no time", () => {
    expect(shown({ timetable: [{ days: [], times: [] }] })).toEqual([]);
  });
});
