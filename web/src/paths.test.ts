import { describe, expect, it } from "vitest";
import { decoded, isOwnPath } from "./paths";

describe("isOwnPath", () => {
  it.each(["/adbots", "/adbots/1?tab=log"])("takes %s", (path) => {
    expect(isOwnPath(path)).toBe(true);
  });

  it.each([
    "https://evil.example",
    "//evil.example",
    "/\t/evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "",
  ])("refuses %s, which may lead to another site", (path) => {
    expect(isOwnPath(path)).toBe(false);
  });
});

describe("decoded", () => {
  it.each([
    ["a%40b.example", "a@b.example"],
    ["100%", "100%"],
    ["%E0%A4%A", "%E0%A4%A"],
  ])("%s is %s", (part, text) => {
    expect(decoded(part)).toBe(text);
  });
});
