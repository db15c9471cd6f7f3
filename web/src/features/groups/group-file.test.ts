import { describe, expect, it } from "vitest";
import { linesOfFile, MOST_BYTES, readGroups } from "./group-file";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("linesOfFile", () => {
  it("reads one group a line", () => {
    expect(linesOfFile(bytes("@one\n\r\n t.me/two \n"))).toEqual({ lines: ["@one", "t.me/two"] });
  });

  it.each(["Group,members\n@one,12\n", '\ufeffname\n"@one";x\n', "@one\t7\n", '"@one","a, b"\n'])(
    "reads the first column of %j, without its head",
    (text) => {
      expect(linesOfFile(bytes(text))).toEqual({ lines: ["@one"] });
    },
  );

  it("says why a file can't be read", () => {
    expect(linesOfFile(new Uint8Array([0xff, 0xfe, 64, 0]))).toEqual({ trouble: "utf_16" });
    expect(linesOfFile(new Uint8Array([64, 0xff]))).toEqual({ trouble: "not_utf_8" });
    expect(linesOfFile(bytes("name\n\n"))).toEqual({ trouble: "empty" });
    expect(linesOfFile(new Uint8Array(MOST_BYTES + 1))).toEqual({ trouble: "too_large" });
  });

  it("says that a file was moved or is too large, instead of nothing", async () => {
    const file = (size: number) =>
      ({ size, arrayBuffer: () => Promise.reject(new Error("gone")) }) as unknown as File;
    expect(await readGroups(file(1))).toEqual({ trouble: "unreadable" });
    expect(await readGroups(file(MOST_BYTES + 1))).toEqual({ trouble: "too_large" });
  });
});
