import { describe, expect, it } from "vitest";
import { markdownPieces } from "./pieces";

const piece = (kind: string, children: unknown[], href = "") => ({ kind, href, children });

describe("markdownPieces", () => {
  it("knows the signs of Telegram's clients, one in another", () => {
    expect(markdownPieces("a **b __c__** ~~d~~ ||e||")).toEqual([
      "a ",
      piece("bold", ["b ", piece("italic", ["c"])]),
      " ",
      piece("struck", ["d"]),
      " ",
      piece("hidden", ["e"]),
    ]);
  });

  it("leaves what is in code as it is", () => {
    expect(markdownPieces("`**x**`")).toEqual([piece("code", ["**x**"])]);
  });

  it("reads links, and takes a sign without its end for a text", () => {
    expect(markdownPieces("[here](https://t.me/x) 2 ** 3")).toEqual([
      piece("link", ["here"], "https://t.me/x"),
      " 2 ** 3",
    ]);
  });
});
