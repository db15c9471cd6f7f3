import type { Advertisement, FieldProblem } from "../../api/schema";

/** A group as it was typed, and the number of its line, from 1. */
export type GroupLine = { line: number; text: string };

/** Returns the groups of a pasted text: one in a line, empty lines left out. */
export function groupLines(text: string): GroupLine[] {
  return text
    .split(/\r?\n/)
    .map((one, index) => ({ line: index + 1, text: one.trim() }))
    .filter((one) => one.text !== "");
}

/** Returns what is wrong with which line, of the problems of a refused list of groups. */
export function lineErrors(fields: FieldProblem[], groups: GroupLine[]): { line: number; message: string }[] {
  return fields.flatMap(({ field, message }) => {
    const index = /^body\.groups\.(\d+)/.exec(field)?.[1];
    const group = index === undefined ? undefined : groups[Number(index)];
    return group === undefined ? [] : [{ line: group.line, message }];
  });
}

/** Returns a post as a client would type it. */
export function postText(post: Advertisement["post"]): string {
  return post.kind === "text" ? post.text : `https://t.me/${post.channel.replace(/^@/, "")}/${post.message}`;
}
