import { describe, expect, it } from "vitest";
import { texts } from "../../routing/searching";
import { askedBy, explorable, explorerOf, matches } from "./asked";

const ID = "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c";

describe("askedBy", () => {
  it.each([
    [` ${ID.toUpperCase()} `, { text: ID, kind: "id" }],
    ["hqadz-M1-ABC", { text: "HQADZ-M1-ABC", kind: "order" }],
    [`https://ads.example.com/adbots/${ID}?tab=log`, { text: ID, kind: "id" }],
    ["https://ads.example.com/pay/HQADZ-M1-ABC", { text: "HQADZ-M1-ABC", kind: "order" }],
    [`“${ID.toUpperCase()}”,`, { text: ID, kind: "id" }],
    [ID.replaceAll("-", ""), { text: ID, kind: "id" }],
    [`schedule-${ID}`, { text: ID, kind: "id" }],
    [`https://ads.example.com/operator/accounts/${ID}/group-lists`, { text: ID, kind: "id" }],
    ["Your order HQADZ-m1-abc.", { text: "HQADZ-M1-ABC", kind: "order" }],
    ["mailto:client@example.com", { text: "client@example.com", kind: "mail" }],
    ["client@example.com", { text: "client@example.com", kind: "mail" }],
    ["bronze plan", { text: "bronze plan", kind: "words" }],
    ["", { text: "", kind: "words" }],
  ])("%j", (typed, asked) => {
    expect(askedBy(typed)).toEqual(asked);
  });
});

describe("explorable", () => {
  it.each([
    [`schedule-${ID}`, `schedule-${ID}`],
    [" 9223372036854775807 ", "9223372036854775807"],
    ["-1001234567890", "-1001234567890"],
    ["@bakers", "@bakers"],
    ["bronze", null],
    ["bronze 2", null],
    ["", null],
  ])("%j", (typed, id) => {
    expect(explorable(typed)).toBe(id);
  });

  it("keeps all digits of an id of 64 bits in the address", () => {
    const search = new URL(explorerOf("9223372036854775807"), "http://x").searchParams;
    expect(texts({ id: JSON.parse(search.get("id") ?? "") }, "id")).toEqual({ id: "9223372036854775807" });
  });
});

describe("matches", () => {
  it("wants every word, in any order", () => {
    expect(matches("plan bro", "Bronze", "plan")).toBe(true);
    expect(matches("bronze gold", "Bronze", "plan")).toBe(false);
  });
});
