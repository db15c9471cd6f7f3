import { describe, expect, it } from "vitest";
import { type Entry, entriesOf } from "./state-diff";

const short = (entries: Entry[]): unknown =>
  entries.map((one) => [one.name, one.mark, one.value ?? short(one.entries), one.before]);

describe("entriesOf", () => {
  it("marks what was added, changed and removed", () => {
    expect(short(entriesOf({ a: 1, b: "x", c: null }, { a: 1, b: "y", d: true }))).toEqual([
      ["a", "same", "1", null],
      ["b", "changed", "y", "x"],
      ["d", "added", "true", null],
      ["c", "removed", "null", null],
    ]);
  });

  it("compares lists of different values by value", () => {
    const [groups] = entriesOf({ groups: ["@a", "@b", "@c"] }, { groups: ["@b", "@c", "@d"] });
    expect(groups?.touched).toBe(true);
    expect(short(groups?.entries ?? [])).toEqual([
      ["0", "same", "@b", null],
      ["1", "same", "@c", null],
      ["2", "added", "@d", null],
      ["0", "removed", "@a", null],
    ]);
  });

  it("compares other lists place by place", () => {
    const [again] = entriesOf({ list: ["a", "b", "a"] }, { list: ["a", "a", "a"] });
    expect(short(again?.entries ?? [])).toEqual([
      ["0", "same", "a", null],
      ["1", "changed", "a", "b"],
      ["2", "same", "a", null],
    ]);
    expect(entriesOf(["a", "b"], ["b", "a"]).every((one) => one.mark === "changed")).toBe(true);
    expect(short(entriesOf([{ x: 1 }], [{ x: 2 }]))).toEqual([
      ["0", "same", [["x", "changed", "2", "1"]], null],
    ]);
  });

  it("marks all within what is new or gone", () => {
    expect(short(entriesOf({ old: { x: 1 } }, { now: { y: 2 } }))).toEqual([
      ["now", "added", [["y", "added", "2", null]], null],
      ["old", "removed", [["x", "removed", "1", null]], null],
    ]);
  });

  it("says what a value was before it got parts, and after it lost them", () => {
    expect(entriesOf({ a: null }, { a: { x: 1 } })[0]?.before).toBe("null");
    expect(entriesOf({ a: { x: 1 } }, { a: null })[0]?.before).toBe('{"x":1}');
  });

  it("keeps an id of 64 bits, which comes as text", () => {
    const [id] = entriesOf({}, { telegram_user: "9223372036854775807" });
    expect(id?.value).toBe("9223372036854775807");
  });
});
