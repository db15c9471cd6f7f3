import { describe, expect, it } from "vitest";
import type { AdbotState } from "../../../api/schema";
import { anAdbot } from "../testing";
import { daysLeft, noticesOf } from "./notices";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const kinds = (change: Partial<AdbotState>) => noticesOf(anAdbot(change), NOW).map(({ kind }) => kind);
const CYCLES = anAdbot().cycles;

describe("noticesOf", () => {
  it("says nothing while all goes well, or after a stop that was asked for", () => {
    expect(kinds({})).toEqual([]);
    expect(kinds({ status: "STOPPED", stop_reason: "requested" })).toEqual([]);
  });

  it("leads from a stop to what mends it", () => {
    const [found] = noticesOf(anAdbot({ status: "STOPPED", stop_reason: "source_broken" }), NOW);
    expect(found).toMatchObject({ kind: "stopped", mood: "bad", leads: "post" });
  });

  it("offers a renewal a week before the end, with the days that are left", () => {
    expect(kinds({ valid_until: "2026-12-07T12:00:00Z" })).toEqual([]);
    const [found] = noticesOf(anAdbot({ valid_until: "2026-12-02T11:00:00Z" }), NOW);
    expect(found).toMatchObject({ kind: "expiring", leads: "renew", count: 3 });
    expect(kinds({ status: "EXPIRED", valid_until: "2026-11-01T00:00:00Z" })).toEqual(["expired"]);
  });

  it("counts seats that wait for stock, and those that can't connect", () => {
    expect(kinds({ seats: { filled: 2, awaited: 1, unreachable: 1 } })).toEqual([
      "seatsAwaited",
      "unreachable",
    ]);
    expect(kinds({ seats: { filled: 0, awaited: 3, unreachable: 0 } })).toEqual(["seatless"]);
  });

  it("tells of a skipped cycle until another one was due, and never of quiet hours", () => {
    const skipped = { ...CYCLES, skipped_at: "2026-11-29T11:00:00Z", skip_reason: "overrun" } as const;
    expect(kinds({ cycles: skipped })).toEqual(["skipped"]);
    expect(kinds({ cycles: { ...skipped, last_due_at: "2026-11-29T11:30:00Z" } })).toEqual([]);
    expect(kinds({ cycles: { ...skipped, skip_reason: "quiet" } })).toEqual([]);
  });
});

describe("daysLeft", () => {
  it("counts the day that has begun, and does not know a plan that has not", () => {
    expect(daysLeft(anAdbot({ valid_until: "2026-11-30T12:00:01Z" }), NOW)).toBe(2);
    expect(daysLeft(anAdbot({ valid_until: null }), NOW)).toBeNull();
  });
});
