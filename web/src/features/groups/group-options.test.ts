import { describe, expect, it } from "vitest";
import type { AdbotState, GroupListView } from "../../api/schema";
import { amountOf, groupOfLink, isKept, linkOf, originOf, secondsOf } from "./group-options";

const LIST: GroupListView = {
  id: "1",
  name: "Bread",
  group_count: 2,
  adbots: [],
  made_at: "2026-11-29T12:00:00Z",
  changed_at: "2026-11-29T12:00:00Z",
  blocked_groups: [],
  groups: ["@bakers", "@millers"],
  group_options: [
    { group: "@bakers", paused: true },
    { group: "@millers", every_seconds: 3600 },
  ],
};
const ADBOT = {
  advertisement: { groups: ["@own", "@bakers"], group_options: [{ group: "@bakers", paused: false }] },
} as AdbotState;

describe("originOf", () => {
  it("prefers the adbot's own option to that of a list", () => {
    const found = originOf(ADBOT, [LIST], "@bakers");
    expect(found).toEqual({ own: true, lists: [LIST], option: { group: "@bakers", paused: false } });
  });

  it("takes the option of a list where the adbot has none", () => {
    expect(originOf(ADBOT, [LIST], "@millers")).toMatchObject({
      own: false,
      option: { every_seconds: 3600 },
    });
    expect(originOf(ADBOT, [LIST], "@own")).toEqual({ own: true, lists: [], option: null });
  });
});

describe("isKept", () => {
  it("keeps the option of a group that is spelled otherwise, or that a list has", () => {
    expect(isKept("@own", ["https://t.me/Own"], new Set())).toBe(true);
    expect(isKept("@millers", [], new Set(["@millers"]))).toBe(true);
    expect(isKept("@gone", ["@own"], new Set())).toBe(false);
  });
});

describe("amountOf", () => {
  it.each([
    [86_400, 1, "days"],
    [7200, 2, "hours"],
    [5400, 90, "minutes"],
  ] as const)("says %d seconds as %d %s", (seconds, amount, unit) => {
    expect(amountOf(seconds)).toEqual({ amount, unit });
    expect(secondsOf(amount, unit)).toBe(seconds);
  });
});

describe("linkOf", () => {
  it.each([
    ["@bakers", "https://t.me/bakers"],
    ["@bakers/7", "https://t.me/bakers/7"],
    ["+AbC_d", "https://t.me/+AbC_d"],
    ["-1001234567890/5", "https://t.me/c/1234567890/5"],
    ["-1000000000123", "https://t.me/c/123"],
  ])("%s is opened by %s", (group, link) => {
    expect(linkOf(group)).toBe(link);
    expect(groupOfLink(link)).toBe(group);
  });
});
