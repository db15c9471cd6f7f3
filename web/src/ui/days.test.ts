import { afterEach, describe, expect, it } from "vitest";
import { prefer } from "../preferences";
import { wholeDays } from "./days";

afterEach(() => prefer({ zone: null }));

describe("wholeDays", () => {
  it("begins with the first day and ends with the last one, in the zone in which times are shown", () => {
    prefer({ zone: "Asia/Tokyo" });
    expect(wholeDays({ from: "2026-11-01", to: "2026-11-02" })).toEqual({
      from: "2026-10-31T15:00:00.000Z",
      to: "2026-11-02T15:00:00.000Z",
    });
  });

  it("knows that a day is shorter when clocks are set forward", () => {
    prefer({ zone: "Europe/Berlin" });
    const { from = "", to = "" } = wholeDays({ from: "2026-03-29", to: "2026-03-29" });
    expect(Date.parse(to) - Date.parse(from)).toBe(23 * 3_600_000);
  });

  it("leaves out what is no day", () => {
    expect(wholeDays({ from: "yesterday", to: "2026-13-40" })).toEqual({});
  });
});
