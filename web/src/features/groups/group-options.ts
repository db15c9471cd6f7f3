/** What differs for single groups of an adbot, and where each group comes from. */

import type { AdbotState, GroupListView, GroupOption } from "../../api/schema";
import { groupKey } from "./written";

export type Unit = "minutes" | "hours" | "days";

const SECONDS: Record<Unit, number> = { minutes: 60, hours: 3600, days: 86_400 };
export const MOST_SECONDS = 30 * SECONDS.days;

export const secondsOf = (amount: number, unit: Unit): number => amount * SECONDS[unit];

/** Returns seconds as the largest unit that says them exactly; less than a minute counts as one. */
export function amountOf(seconds: number): { amount: number; unit: Unit } {
  for (const unit of ["days", "hours"] as const) {
    if (seconds % SECONDS[unit] === 0) return { amount: seconds / SECONDS[unit], unit };
  }
  return { amount: Math.max(1, Math.round(seconds / 60)), unit: "minutes" };
}

export type Origin = {
  /** The adbot names it itself, so that it can be removed here. */
  own: boolean;
  lists: GroupListView[];
  /** What counts for it: the adbot's own option, else that of the first list that has one. */
  option: GroupOption | null;
};

/** Returns where a group of an adbot comes from, and its option; `lists` are those that the adbot uses. */
export function originOf(adbot: AdbotState, lists: readonly GroupListView[], group: string): Origin {
  const set = adbot.advertisement;
  const having = lists.filter((list) => list.groups.includes(group));
  const options = [set?.group_options ?? [], ...having.map((list) => list.group_options)];
  const option = options.flat().find((one) => one.group === group) ?? null;
  return { own: set?.groups.includes(group) ?? false, lists: having, option };
}

/** Returns whether a group that has an option is still among these; others would be refused. */
export function isKept(group: string, texts: readonly string[], inLists: ReadonlySet<string>): boolean {
  const key = groupKey(group);
  return inLists.has(group) || texts.some((text) => groupKey(text) === key);
}

/** Returns the address that opens a group in Telegram. */
export function linkOf(group: string): string {
  const [chat = "", topic] = group.split("/");
  const found = /^-1(\d{12})$/.exec(chat);
  const path = found === null ? chat.replace(/^@/, "") : `c/${(found[1] ?? "").replace(/^0+/, "")}`;
  return `https://t.me/${path}${topic === undefined ? "" : `/${topic}`}`;
}

/** Returns the name of a group that was pasted as a link; that of a private chat is its id. */
export function groupOfLink(text: string): string {
  const path = /^(?:https?:\/\/)?(?:www\.)?(?:t|telegram)\.me\/(.+)$/i.exec(text)?.[1];
  if (path === undefined || path.startsWith("+")) return path ?? text;
  const chat = /^c\/(\d{1,12})(.*)$/.exec(path);
  return chat === null ? `@${path}` : `-1${(chat[1] ?? "").padStart(12, "0")}${chat[2]}`;
}
