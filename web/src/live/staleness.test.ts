import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Staleness, staleAfter } from "./staleness";

describe("staleAfter", () => {
  it("names the operator's data only for those who hear of all changes", () => {
    const change = { kind: "adbot", id: "7" } as const;
    expect(staleAfter(change, false)).toEqual([["adbots"], ["adbot", "7"]]);
    expect(staleAfter(change, true)).toContainEqual(["operator", "adbots"]);
  });
});

describe("Staleness", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("says the same key once for many changes, and again for later ones", () => {
    const said: string[][] = [];
    const stale = new Staleness(1000, (key) => said.push(key));
    stale.add([["adbots"], ["adbot", "7"]]);
    stale.add([["adbots"]]);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(said).toEqual([["adbots"], ["adbot", "7"]]);
    stale.add([["adbots"]]);
    vi.advanceTimersByTime(1000);
    expect(said).toHaveLength(3);
  });
});
