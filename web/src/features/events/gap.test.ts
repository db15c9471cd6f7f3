import { describe, expect, it } from "vitest";
import { gapText } from "./gap";

describe("gapText", () => {
  it.each([
    [0, "0 ms"],
    [-0.002, "0 ms"],
    [0.0034, "3 ms"],
    [0.9996, "1.0 s"],
    [1.24, "1.2 s"],
    [59.4, "59 s"],
    [59.6, "1 m 00 s"],
    [245, "4 m 05 s"],
    [7620, "2 h 07 m"],
    [273_600, "3 d 4 h"],
  ])("says %s seconds as %s", (seconds, text) => {
    expect(gapText(seconds)).toBe(text);
  });
});
