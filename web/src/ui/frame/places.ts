import {
  IconBan,
  IconBell,
  IconClipboardList,
  IconDatabase,
  IconHeartRateMonitor,
  IconKey,
  IconListDetails,
  IconMailX,
  IconReceipt,
  IconRobot,
  IconRobotFace,
  IconShoppingBag,
  IconStethoscope,
  IconTable,
  IconTags,
  IconTimeline,
  IconUserCircle,
  IconUsers,
} from "@tabler/icons-react";

/** Pages that everyone has: in the navigation, in the search, and above each page. `letter` goes there after g. */
export const OWN = [
  { to: "/adbots", text: "nav.adbots", icon: IconRobot, letter: "a" },
  { to: "/group-lists", text: "nav.groupLists", icon: IconListDetails, letter: "l" },
  { to: "/orders", text: "nav.orders", icon: IconReceipt, letter: "o" },
  { to: "/notifications", text: "nav.notifications", icon: IconBell, letter: "n" },
] as const;

/** Pages of operators. */
export const OPERATORS = [
  { to: "/operator", text: "nav.operator", icon: IconHeartRateMonitor, letter: "w" },
  { to: "/operator/orders", text: "nav.allOrders", icon: IconShoppingBag },
  { to: "/operator/adbots", text: "nav.allAdbots", icon: IconRobotFace },
  { to: "/operator/accounts", text: "nav.accounts", icon: IconUsers },
  { to: "/operator/stock", text: "nav.stock", icon: IconDatabase, letter: "s" },
  { to: "/operator/catalogue", text: "nav.catalogue", icon: IconTags },
  { to: "/operator/blocked", text: "nav.blocked", icon: IconBan },
  { to: "/operator/private-ids", text: "nav.privateIds", icon: IconKey },
  { to: "/operator/activity", text: "nav.activity", icon: IconClipboardList },
  { to: "/operator/health", text: "nav.health", icon: IconStethoscope },
  { to: "/operator/dead-letters", text: "nav.deadLetters", icon: IconMailX },
  { to: "/operator/tables", text: "nav.tables", icon: IconTable },
  { to: "/operator/events", text: "nav.events", icon: IconTimeline },
] as const;

/** Pages that the account's menu leads to. */
const ACCOUNT = [{ to: "/profile", text: "nav.profile", icon: IconUserCircle, letter: "p" }] as const;

export type Place = (typeof OWN)[number] | (typeof OPERATORS)[number] | (typeof ACCOUNT)[number];

const ALL: readonly Place[] = [...OWN, ...OPERATORS, ...ACCOUNT];

/** Returns the pages of somebody, those of operators for admins only. */
export function placesOf(admin: boolean): Place[] {
  return [...OWN, ...(admin ? OPERATORS : []), ...ACCOUNT];
}

/** Returns the page that a path belongs to, and what follows its own path. */
export function placeAt(path: string): { place: Place; rest: string } | null {
  const within = ALL.filter(({ to }) => path === to || path.startsWith(`${to}/`));
  const place = within.sort((one, other) => other.to.length - one.to.length)[0];
  return place === undefined ? null : { place, rest: path.slice(place.to.length + 1) };
}

export const letterOf = (place: Place): string | null => ("letter" in place ? place.letter : null);
