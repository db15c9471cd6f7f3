/** What a client should know about an adbot, and what leads further. */

import type { AdbotState } from "../../../api/schema";

const DAY_MS = 86_400_000;
/** So many days before its end a renewal is offered. */
const EXPIRES_SOON_DAYS = 7;

type Leads = "renew" | "post" | "groups" | "timetable";

export type AdbotNotice = {
  kind:
    | "suspended"
    | "expired"
    | "expiring"
    | "stopped"
    | "paused"
    | "seatless"
    | "seatsAwaited"
    | "unreachable"
    | "blockedGroups"
    | "beyondLimit"
    | "overrun"
    | "skipped";
  mood: "bad" | "waiting";
  leads: Leads | null;
  /** For the text; which number it is, the text says. */
  count: number;
};

const STOP_LEADS: Record<string, Leads> = {
  source_broken: "post",
  source_blocked: "post",
  private_ids: "groups",
  no_groups: "groups",
  ended: "timetable",
};

/** Returns how many days an adbot still runs, rounded up; null if its plan has not begun. */
export function daysLeft(adbot: AdbotState, now: number): number | null {
  return adbot.valid_until === null ? null : Math.ceil((Date.parse(adbot.valid_until) - now) / DAY_MS);
}

/** Returns whether a renewal is the thing to do. */
export function endsSoon(adbot: AdbotState, now: number): boolean {
  const days = daysLeft(adbot, now);
  return adbot.status === "EXPIRED" || (days !== null && days <= EXPIRES_SOON_DAYS);
}

/** Returns what to say about an adbot, what is worst first; nothing while all goes well. */
export function noticesOf(adbot: AdbotState, now: number): AdbotNotice[] {
  return [...ofState(adbot, now), ...ofSeats(adbot), ...ofCycles(adbot)];
}

function ofState(adbot: AdbotState, now: number): AdbotNotice[] {
  if (adbot.status === "SUSPENDED") return [notice("suspended", "bad")];
  if (adbot.status === "EXPIRED") return [notice("expired", "bad", "renew")];
  const found: AdbotNotice[] = [];
  const reason = adbot.status === "STOPPED" ? adbot.stop_reason : null;
  if (reason !== null && reason !== "requested") {
    found.push(notice("stopped", "bad", STOP_LEADS[reason] ?? null));
  }
  if (adbot.paused) found.push(notice("paused", "waiting"));
  if (endsSoon(adbot, now)) {
    found.push(notice("expiring", "waiting", "renew", Math.max(0, daysLeft(adbot, now) ?? 0)));
  }
  return found;
}

function ofSeats({ seats, status, stop_reason }: AdbotState): AdbotNotice[] {
  if (status === "SUSPENDED" || status === "EXPIRED") return [];
  const found: AdbotNotice[] = [];
  if (seats.filled === 0 && stop_reason !== "seatless") found.push(notice("seatless", "waiting"));
  else if (seats.awaited > 0) found.push(notice("seatsAwaited", "waiting", null, seats.awaited));
  if (seats.unreachable > 0) found.push(notice("unreachable", "waiting", null, seats.unreachable));
  return found;
}

function ofCycles({ blocked_groups, cycles, status, warning }: AdbotState): AdbotNotice[] {
  const found: AdbotNotice[] = [];
  if (blocked_groups.length > 0) {
    found.push(notice("blockedGroups", "waiting", "groups", blocked_groups.length));
  }
  if (cycles.beyond_limit !== null && cycles.beyond_limit > 0) {
    found.push(notice("beyondLimit", "waiting", "groups", cycles.beyond_limit));
  }
  if (status === "RUNNING" && warning !== null) found.push(notice("overrun", "waiting", "timetable"));
  else if (status === "RUNNING" && skippedLast(cycles)) found.push(notice("skipped", "waiting"));
  return found;
}

/** Whether the last due time was skipped; quiet hours are as the client set them. */
function skippedLast({ skipped_at, skip_reason, last_due_at }: AdbotState["cycles"]): boolean {
  if (skipped_at === null || skip_reason === null || skip_reason === "quiet") return false;
  return last_due_at === null || Date.parse(skipped_at) > Date.parse(last_due_at);
}

function notice(
  kind: AdbotNotice["kind"],
  mood: AdbotNotice["mood"],
  leads: Leads | null = null,
  count = 0,
): AdbotNotice {
  return { kind, mood, leads, count };
}
