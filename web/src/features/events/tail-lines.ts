import type { EventDetail } from "../../api/schema";

const MOST_SHOWN = 300;
const MOST_WAITING = 1000;

/** A line of the live tail: an event, or the place where some are missing. */
export type TailLine =
  | { kind: "event"; key: string; event: EventDetail }
  | { kind: "gap"; key: string; lost: number | null };

/** The lines of the tail, the latest first; those that wait are not shown yet. */
export type Tail = { shown: TailLine[]; waiting: TailLine[] };

export const EMPTY_TAIL: Tail = { shown: [], waiting: [] };

/** Returns the tail with further lines, the latest last; while it is held, they wait. */
export function withLines(tail: Tail, lines: TailLine[], held: boolean): Tail {
  const known = new Set([...tail.waiting, ...tail.shown].map((line) => line.key));
  const latest = lines.filter((line) => !known.has(line.key)).reverse(); // once, also after another connection
  return held
    ? { shown: tail.shown, waiting: [...latest, ...tail.waiting].slice(0, MOST_WAITING) }
    : { shown: [...latest, ...tail.waiting, ...tail.shown].slice(0, MOST_SHOWN), waiting: [] };
}

/** Returns how many events wait; places where some are missing do not count. */
export const waitingEvents = (tail: Tail): number =>
  tail.waiting.filter((line) => line.kind === "event").length;

/** Returns the tail with all lines shown that waited. */
export const released = (tail: Tail): Tail => withLines(tail, [], false);
