import { describe, expect, it } from "vitest";
import { preferencesIn } from "./preferences";

describe("preferencesIn", () => {
  it("takes what was stored", () => {
    expect(preferencesIn('{"folded":true,"zone":"Asia/Tokyo","letters":false,"language":"de"}')).toEqual({
      folded: true,
      zone: "Asia/Tokyo",
      letters: false,
      language: "de",
    });
  });

  it.each([null, "null", '{"folded":1,"zone":"Mars/North","letters":"no","language":7}'])(
    "takes the default instead of what makes no sense: %s",
    (text) => {
      expect(preferencesIn(text)).toEqual({ folded: false, zone: null, letters: true, language: "en" });
    },
  );
});
