import { describe, expect, it } from "vitest";
import { csvOf } from "./csv";

const cell = (value: string) => csvOf([], [[value]]).split("\r\n")[1];

describe("csvOf", () => {
  it("quotes every value", () => {
    expect(csvOf(["a", "b"], [['say "x", y', null]])).toBe('"a","b"\r\n"say ""x"", y",""\r\n');
  });

  it.each(["=1+1", "+49…17", "-2+3", "@SUM(A1)", "@a|'x'!A0", "\t=1", "+1*2"])(
    "makes no formula of %j",
    (text) => {
      expect(cell(text)).toBe(`"'${text}"`);
    },
  );

  it.each(["@bakers", "@bakers/7", "+AbC-d_1", "-1001234567890/5", "SAID", "2026-11-29T12:00:00Z"])(
    "keeps %s, which is none",
    (text) => {
      expect(cell(text)).toBe(`"${text}"`);
    },
  );
});
