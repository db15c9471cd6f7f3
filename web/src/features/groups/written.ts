/** Groups as people write them, and which of their lines a refusal is about. */

import { ApiError } from "../../api/problem";

/** `line` counts from 0. */
type WrittenGroup = { text: string; line: number };

/** What is wrong with a group, by its text: a mark stays with its line while others are written above it. */
export type Marks = ReadonlyMap<string, string>;

type Counted = { groups: number; repeated: number };

const SEVERAL = /[\s,;]+/;
const LIKE_A_GROUP =
  /^(@\w|\+\w|-100\d|tg:|(https?:\/\/)?([a-z0-9_]+\.)?(t\.me|telegram\.me|telegram\.dog)\/)/i;
const FIELD = /^(?:body\.groups\.(\d+)|line (\d+))$/;
const LINK = /^(?:https?:\/\/)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)\//i;

/** Returns the groups of a text: one in a line, or several with commas or spaces between them. */
export function writtenGroups(text: string): WrittenGroup[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const parts = line.split(SEVERAL).filter((part) => part !== "");
    const texts = parts.every((part) => LIKE_A_GROUP.test(part)) ? parts : [line.trim()];
    return texts.map((one) => ({ text: one, line: index }));
  });
}

/** Returns how many different groups there are, and how many are written again. */
export function counted(groups: readonly WrittenGroup[]): Counted {
  const different = new Set(groups.map((group) => groupKey(group.text))).size;
  return { groups: different, repeated: groups.length - different };
}

/** Returns the same key for usual spellings of one group; the API knows more of them. */
export function groupKey(text: string): string {
  const name = text.trim().replace(LINK, "");
  const [chat = "", ...topic] = name.replace(/^@/, "").split("/");
  const key = chat.startsWith("+") ? chat : chat.toLowerCase();
  return [key, ...topic].join("/");
}

/** Returns the marks of a refusal of these groups; none if it is about something else. */
export function marksOf(error: unknown, groups: readonly WrittenGroup[]): Marks {
  const marks = new Map<string, string>();
  if (!(error instanceof ApiError)) return marks;
  for (const { field, message } of error.fields) {
    const found = FIELD.exec(field);
    if (found === null) continue;
    const index = found[1] === undefined ? Number(found[2]) - 1 : Number(found[1]);
    const group = groups[index];
    if (group !== undefined) marks.set(group.text, message);
  }
  return marks;
}

/** A line that can't be used, counted from 0, with the reason. */
export type BadLine = { line: number; text: string; reason: string };

/** Returns the marked lines of what is written now; one that was changed is marked no more. */
export function badLines(groups: readonly WrittenGroup[], marks: Marks): BadLine[] {
  const bad = groups.flatMap(({ text, line }) => {
    const reason = marks.get(text);
    return reason === undefined ? [] : [{ line, text, reason }];
  });
  return bad.filter(({ line }, index) => bad.findIndex((one) => one.line === line) === index);
}

/** Returns where a line begins and ends in a text. */
export function rangeOf(text: string, line: number): [number, number] {
  const lines = text.split("\n");
  const start = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
  return [start, start + (lines[line] ?? "").replace(/\r$/, "").length];
}

/** Returns a text with more lines at its end. */
export function withLines(text: string, lines: readonly string[]): string {
  const before = text.trimEnd();
  return [...(before === "" ? [] : [before]), ...lines].join("\n");
}

/** A bad line, or the lines before, between or behind bad ones; `to` is the line behind the last. */
type Piece = { from: number; to: number; bad: BadLine | null };

/** Returns all lines of a text in pieces, so that a text of thousands has few of them. */
export function between(bad: readonly BadLine[], count: number): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const one of bad) {
    if (one.line > from) pieces.push({ from, to: one.line, bad: null });
    pieces.push({ from: one.line, to: one.line + 1, bad: one });
    from = one.line + 1;
  }
  if (from < count) pieces.push({ from, to: count, bad: null });
  return pieces;
}
