import { describe, expect, it } from "vitest";
import { isOwnPath } from "./paths";

describe("isOwnPath", () => {
  it.each(["/adbots", "/adbots/1?tab=log"])("takes %s", (path) => {
    expect(isOwnPath(path)).toBe(true);
  });

  it.each(["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""])(
    "refuses %s, which may lead to another site",
    (path) => {
      expect(isOwnPath(path)).toBe(false);
    },
  );
});
