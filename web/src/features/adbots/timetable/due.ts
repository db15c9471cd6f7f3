/** When cycles come due, by the same rules as the scheduler's: at the interval or by a timetable. */

import type { AdbotPacing, AdbotState, QuietHours, TimetableEntry } from "../../../api/schema";
import { instantOf, localOf, midnightOf, sinceMidnight, weekdayOf } from "../../../ui/zones";

const DAY_MS = 86_400_000;
/** A time of so many days ago may be moved to now by quiet hours. */
const DAYS_BACK = 3;
/** A week has every time of a timetable; a day more for clocks that are changed. */
const DAYS_AHEAD = 9;

export const WEEKDAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

/** Returns the next due times of an adbot with this pacing, in milliseconds; fewer if its period ends. */
export function nextTimes(adbot: AdbotState, pacing: AdbotPacing, now: number, count = 5): number[] {
  const interval = adbot.plan.interval_seconds * 1000;
  const last = adbot.cycles.last_due_at;
  const earliest = last === null ? now : Math.max(now, Date.parse(last) + interval);
  const ends = pacing.ends_at ? Date.parse(pacing.ends_at) : Number.POSITIVE_INFINITY;
  const found: number[] = [];
  let due = firstFrom(pacing, earliest);
  while (found.length < count && due !== null && due < ends) {
    found.push(due);
    due = firstFrom(pacing, due + interval);
  }
  return found;
}

/** Returns the first due time from an instant on; null for a timetable without times. */
function firstFrom(pacing: AdbotPacing, notBefore: number): number | null {
  const starts = pacing.starts_at ? Date.parse(pacing.starts_at) : notBefore;
  const earliest = Math.max(notBefore, starts);
  const zone = pacing.time_zone ?? "UTC";
  const quiet = pacing.quiet_hours ?? null;
  const timetable = pacing.timetable ?? [];
  if (timetable.length === 0) return afterQuietHours(zone, quiet, earliest);
  for (const at of timesAround(zone, timetable, earliest)) {
    const due = afterQuietHours(zone, quiet, at);
    if (due >= earliest) return due;
  }
  return null;
}

function* timesAround(zone: string, timetable: TimetableEntry[], at: number): Generator<number> {
  const today = midnightOf(localOf(zone, at));
  for (let ahead = -DAYS_BACK; ahead <= DAYS_AHEAD; ahead++) {
    const day = today + ahead * DAY_MS;
    const name = WEEKDAYS[weekdayOf(day)];
    const times = timetable.filter((entry) => entry.days.some((one) => one === name));
    const sorted = [...new Set(times.flatMap((entry) => entry.times))].sort();
    for (const time of sorted) yield instantOf(zone, day + sinceMidnight(time));
  }
}

/** Returns the end of the quiet hours that an instant is in, or the instant outside of them. */
function afterQuietHours(zone: string, quiet: QuietHours | null, at: number): number {
  if (quiet === null || quiet.begin === quiet.end) return at;
  const overnight = quiet.end <= quiet.begin ? DAY_MS : 0;
  const today = midnightOf(localOf(zone, at));
  for (let back = 0; back < DAYS_BACK; back++) {
    const day = today - back * DAY_MS;
    const over = instantOf(zone, day + overnight + sinceMidnight(quiet.end));
    if (instantOf(zone, day + sinceMidnight(quiet.begin)) <= at && at < over) return over;
  }
  return at;
}
