import { describe, expect, it } from "vitest";
import { oneOf, texts, withFilter } from "./searching";

describe("oneOf", () => {
  it("takes a known value, and leaves out all others", () => {
    expect(oneOf("state", ["UNUSED", "BANNED"], { state: "BANNED" })).toEqual({ state: "BANNED" });
    expect(oneOf("state", ["UNUSED", "BANNED"], { state: "SOLD" })).toEqual({});
    expect(oneOf("state", ["UNUSED"], {})).toEqual({});
  });
});

describe("texts", () => {
  it("takes texts, also of digits only, and nothing else", () => {
    expect(texts({ text: 4711, owner: "", sort: ["x"] }, "text", "owner", "sort")).toEqual({ text: "4711" });
  });
});

describe("withFilter", () => {
  it("changes one filter, or takes it away", () => {
    const before: { text?: string; state?: string } = { text: "a", state: "BANNED" };
    expect(withFilter("text", "b")(before)).toEqual({ text: "b", state: "BANNED" });
    expect(withFilter("text", "")(before)).toEqual({ state: "BANNED" });
  });
});
