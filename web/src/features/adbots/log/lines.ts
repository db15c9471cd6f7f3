/** The lines that the log shows, and how later ones come before them. */

import type { InfiniteData } from "@tanstack/react-query";
import type { LogLine, LogPage } from "../../../api/schema";

/** A page that is left open all day holds no more lines than these. */
export const MOST_LINES = 1000;

export type Shown = InfiniteData<LogPage>;

export const lineKey = (line: LogLine) => `${line.cycle} ${line.group} ${line.at} ${line.result}`;

export const linesOf = (shown: Shown): LogLine[] => shown.pages.flatMap((page) => page.items);

/** Returns which of the latest lines are not shown yet; none, if these were read before what is shown. */
export function unseen(shown: Shown, latest: LogPage): LogLine[] {
  const newest = shown.pages[0]?.items[0];
  const of = latest.items[0];
  if (newest !== undefined && of !== undefined && Date.parse(of.at) < Date.parse(newest.at)) return [];
  const known = new Set(linesOf(shown).map(lineKey));
  return latest.items.filter((line) => !known.has(lineKey(line)));
}

/**
 * Returns what is shown with the latest lines before it.
 *
 * Only the latest remain where lines in between are missing, and where there would be more than `MOST_LINES`:
 * what was read by pages can be read again, a line in the middle can't.
 */
export function withLatest(shown: Shown, latest: LogPage): Shown {
  const fresh = new Set(latest.items.map(lineKey));
  const [first, ...others] = shown.pages;
  const overlaps = linesOf(shown).some((line) => fresh.has(lineKey(line)));
  const alone: Shown = { pages: [latest], pageParams: [""] };
  if (first === undefined || !overlaps) return alone;
  const rest = (page: LogPage) => page.items.filter((line) => !fresh.has(lineKey(line)));
  const pages = [
    { ...first, items: [...latest.items, ...rest(first)] },
    ...others.map((page) => ({ ...page, items: rest(page) })),
  ];
  const merged: Shown = { pages, pageParams: shown.pageParams };
  return linesOf(merged).length > MOST_LINES ? alone : merged;
}
