import { describe, expect, it } from "vitest";
import type { LogLine, LogPage } from "../../../api/schema";
import { linesOf, MOST_LINES, type Shown, unseen, withLatest } from "./lines";

function line(number: number): LogLine {
  const at = new Date(Date.UTC(2026, 10, 29) + number * 1000).toISOString();
  return { at, cycle: "c", session: null, group: `@g${number}`, result: "SENT", error: "", messages: [] };
}

function page(from: number, to: number, next: string | null): LogPage {
  const items = Array.from({ length: from - to + 1 }, (_, index) => line(from - index));
  return { items, next, kept_since: null };
}

const SHOWN: Shown = { pages: [page(10, 6, "a"), page(5, 1, "b")], pageParams: ["", "a"] };

describe("unseen", () => {
  it("is what came after the shown lines", () => {
    expect(unseen(SHOWN, page(12, 8, "x")).map((one) => one.group)).toEqual(["@g12", "@g11"]);
  });
});

describe("withLatest", () => {
  it("puts later lines first, each once, and reads on where the shown ones ended", () => {
    const merged = withLatest(SHOWN, page(12, 4, "x"));
    expect(linesOf(merged)).toEqual(page(12, 1, null).items);
    expect(merged.pages.at(-1)?.next).toBe("b");
  });

  it("leaves no gap: without a common line only the latest remain", () => {
    const merged = withLatest(SHOWN, page(30, 20, "x"));
    expect(linesOf(merged)).toEqual(page(30, 20, null).items);
    expect(merged.pages.at(-1)?.next).toBe("x");
  });

  it("holds no more than so many lines, however long the page is open", () => {
    const full: Shown = { pages: [page(MOST_LINES, 1, "b")], pageParams: [""] };
    const merged = withLatest(full, page(MOST_LINES + 1, MOST_LINES - 98, "x"));
    expect(linesOf(merged)).toHaveLength(100);
    expect(merged.pages.at(-1)?.next).toBe("x");
  });
});
