import { describe, expect, it } from "vitest";
import type { GroupFigures } from "../../api/schema";
import { csvOfGroups, fileOfGroups } from "./csv";
import { linesOfFile } from "./group-file";

const GROUP = {
  group: "@bakers/7",
  state: "refused",
  successes: 3,
  posts: 5,
  left_out: 1,
  last_delivered: null,
  last_result: "TARGET_DENIED",
  last_error: 'SAID "NO"',
  last_at: "2026-11-29T12:00:00Z",
} as GroupFigures;

describe("csvOfGroups", () => {
  it("has a head, and a line for each group", () => {
    const [head, line] = csvOfGroups([GROUP]).split("\r\n");
    expect(head).toMatch(/^"group","state","sent","failed"/);
    expect(line).toBe(
      '"@bakers/7","refused","3","2","1","","TARGET_DENIED","SAID ""NO""","2026-11-29T12:00:00Z"',
    );
  });
});

describe("fileOfGroups", () => {
  it("can be imported again", () => {
    const groups = ["@bakers/7", "+AbC", "-1001234567890"];
    expect(linesOfFile(new TextEncoder().encode(fileOfGroups(groups)))).toEqual({ lines: groups });
  });
});
