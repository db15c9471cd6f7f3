import { describe, expect, it } from "vitest";
import type { EventDetail } from "../../api/schema";
import { EMPTY_TAIL, released, type TailLine, waitingEvents, withLines } from "./tail-lines";

const line = (key: string): TailLine => ({ kind: "gap", key, lost: 1 });
const keys = (lines: TailLine[]) => lines.map((one) => one.key);

describe("the tail", () => {
  it("shows the latest line first", () => {
    const tail = withLines(withLines(EMPTY_TAIL, [line("1"), line("2")], false), [line("3")], false);
    expect(keys(tail.shown)).toEqual(["3", "2", "1"]);
  });

  it("lets lines wait while it is held, and shows them in order afterwards", () => {
    const held = withLines(withLines(EMPTY_TAIL, [line("1")], false), [line("2"), line("3")], true);
    expect([keys(held.shown), keys(held.waiting)]).toEqual([["1"], ["3", "2"]]);
    expect(keys(released(held).shown)).toEqual(["3", "2", "1"]);
  });

  it("counts the events that wait, and not the places where some are missing", () => {
    const event: TailLine = { kind: "event", key: "e", event: {} as EventDetail };
    const held = withLines(EMPTY_TAIL, [line("1"), event], true);
    expect(waitingEvents(held)).toBe(1);
  });

  it("shows each line once, though it is sent again after a lost connection", () => {
    const tail = withLines(
      withLines(EMPTY_TAIL, [line("1"), line("2")], false),
      [line("2"), line("3")],
      false,
    );
    expect(keys(tail.shown)).toEqual(["3", "2", "1"]);
  });

  it("is bounded", () => {
    const many = Array.from({ length: 2000 }, (_, index) => line(String(index)));
    expect(withLines(EMPTY_TAIL, many, false).shown).toHaveLength(300);
    expect(withLines(EMPTY_TAIL, many, true).waiting).toHaveLength(1000);
  });
});
