/** What the address of an adbot's page holds beside its id; the operator's page of any adbot has the same. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import type { GroupState, ResultClass } from "../api/schema";
import { oneOf, type Search, texts } from "./searching";
import { GROUP_STATES } from "./states";

export const ADBOT_TABS = ["log", "groups", "post", "timetable", "accounts", "figures"] as const;
export type AdbotTab = (typeof ADBOT_TABS)[number];

const SPANS = ["hours", "days"] as const;
export type Span = (typeof SPANS)[number];

type AdbotSearch = {
  tab?: AdbotTab;
  /** Of the log. */
  result?: ResultClass;
  group?: string;
  /** Of the groups. */
  state?: GroupState;
  text?: string;
  /** Of the figures' chart. */
  by?: Span;
};

const RESULT = /^[A-Z_]{3,30}$/;
const LONGEST = 120;

/** Returns what is known in an address, and leaves out the rest. */
export function adbotSearch(search: Search): AdbotSearch {
  const { result, group, text } = texts(search, "result", "group", "text");
  return {
    ...oneOf("tab", ADBOT_TABS, search),
    ...oneOf("state", GROUP_STATES, search),
    ...oneOf("by", SPANS, search),
    ...(result !== undefined && RESULT.test(result) ? { result: result as ResultClass } : {}),
    ...(group === undefined ? {} : { group: group.slice(0, LONGEST) }),
    ...(text === undefined ? {} : { text: text.slice(0, LONGEST) }),
  };
}

/** What is to change in an address; undefined takes a part away. */
type AdbotSearchChange = { [part in keyof AdbotSearch]: AdbotSearch[part] | undefined };

/** Returns what the address holds, and a function that changes a part of it. */
export function useAdbotSearch(): [AdbotSearch, (change: AdbotSearchChange) => void] {
  const search = adbotSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const change = (wanted: AdbotSearchChange) =>
    void navigate({
      to: ".",
      search: (before: object) => ({ ...before, ...wanted }),
      replace: wanted.tab === undefined,
      resetScroll: false,
    } as Parameters<typeof navigate>[0]);
  return [search, change];
}
