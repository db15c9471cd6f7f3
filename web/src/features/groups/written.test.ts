import { describe, expect, it } from "vitest";
import { ApiError } from "../../api/problem";
import { badLines, between, counted, groupKey, marksOf, rangeOf, withLines, writtenGroups } from "./written";

const texts = (text: string) => writtenGroups(text).map((group) => group.text);

function refusal(...fields: [string, string][]): ApiError {
  const errors = fields.map(([field, message]) => ({ field, message }));
  return new ApiError(422, { code: "malformed_groups", detail: "x", errors }, null);
}

describe("writtenGroups", () => {
  it("takes what was pasted line by line, without empty lines", () => {
    expect(writtenGroups("@first\r\n\n  @third  \n")).toEqual([
      { text: "@first", line: 0 },
      { text: "@third", line: 2 },
    ]);
  });

  it("takes several of a line, with commas, semicolons or spaces between them", () => {
    expect(texts("@one, t.me/two;https://t.me/+AbC  -1001234567890\n@three,")).toEqual([
      "@one",
      "t.me/two",
      "https://t.me/+AbC",
      "-1001234567890",
      "@three",
    ]);
  });

  it("leaves a line that holds something else as it is, for the API to refuse", () => {
    expect(texts("no group\n@one and @two")).toEqual(["no group", "@one and @two"]);
  });
});

describe("counted", () => {
  it("counts each group once, whatever its spelling", () => {
    const groups = writtenGroups(
      "@Bakers\nhttps://t.me/bakers\nt.me/bakers/7\n@bakers/7\nt.me/+AbC\nt.me/+abc",
    );
    expect(counted(groups)).toEqual({ groups: 4, repeated: 2 });
  });
});

describe("groupKey", () => {
  it.each([
    ["@Bakers", "https://t.me/bakers"],
    ["T.me/Bakers/7", "@bakers/7"],
    ["https://www.t.me/+AbC", "+AbC"],
  ])("%s and %s are the same", (one, other) => {
    expect(groupKey(one)).toBe(groupKey(other));
  });
});

describe("marksOf", () => {
  it("finds the lines of a body's groups and of a file's lines", () => {
    const groups = writtenGroups("@one, @two\n\nbad\n@x");
    const marks = marksOf(refusal(["body.groups.2", "no group"], ["line 4", "too short"]), groups);
    expect(badLines(groups, marks)).toEqual([
      { line: 2, text: "bad", reason: "no group" },
      { line: 3, text: "@x", reason: "too short" },
    ]);
  });

  it("follows a line that moves, and forgets one that was changed", () => {
    const marks = marksOf(refusal(["body.groups.1", "no group"]), writtenGroups("@one\nbad"));
    expect(badLines(writtenGroups("@new\n@one\nbad"), marks)).toEqual([
      { line: 2, text: "bad", reason: "no group" },
    ]);
    expect(badLines(writtenGroups("@one\nbad2"), marks)).toEqual([]);
  });

  it("marks nothing for other problems", () => {
    const groups = writtenGroups("@one");
    expect(marksOf(refusal(["body.name", "is missing"], ["body.groups.7", "?"]), groups).size).toBe(0);
    expect(marksOf(new Error("offline"), groups).size).toBe(0);
  });
});

describe("rangeOf", () => {
  it("says where a line stands", () => {
    expect(rangeOf("@one\nbad\n@two", 1)).toEqual([5, 8]);
  });
});

describe("withLines", () => {
  it("adds a file's lines below what is there", () => {
    expect(withLines("", ["@a"])).toBe("@a");
    expect(withLines("@one\n\n", ["@a", "@b"])).toBe("@one\n@a\n@b");
  });
});

describe("between", () => {
  it("splits the lines of a text at the bad ones", () => {
    const bad = { line: 2, text: "bad", reason: "no group" };
    expect(between([bad], 5)).toEqual([
      { from: 0, to: 2, bad: null },
      { from: 2, to: 3, bad },
      { from: 3, to: 5, bad: null },
    ]);
    expect(between([], 1)).toEqual([{ from: 0, to: 1, bad: null }]);
  });
});
