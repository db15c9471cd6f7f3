import { describe, expect, it } from "vitest";
import { groupLines, lineErrors, postText } from "./advertisement";

describe("groupLines", () => {
  it("keeps the numbers of lines when empty ones are left out", () => {
    expect(groupLines("@first\r\n\n  @third  \n")).toEqual([
      { line: 1, text: "@first" },
      { line: 3, text: "@third" },
    ]);
  });
});

describe("lineErrors", () => {
  it("names the line of each group that was refused", () => {
    const groups = groupLines("@good\n\nbad group");
    const fields = [
      { field: "body.groups.1", message: "is no group" },
      { field: "body.post", message: "is no post" },
      { field: "body.groups.9", message: "is unknown" },
    ];

    expect(lineErrors(fields, groups)).toEqual([{ line: 3, message: "is no group" }]);
  });
});

describe("postText", () => {
  it("is the link of a channel's post, and a text as it is", () => {
    expect(postText({ kind: "link", channel: "@news", message: 42 })).toBe("https://t.me/news/42");
    expect(postText({ kind: "text", text: "Hello", format: "plain" })).toBe("Hello");
  });
});
