/** The pacing of an adbot as a form's values, and back. */

import type { AdbotPacing } from "../../../api/schema";
import { instantOf, localOf, sinceMidnight } from "../../../ui/zones";
import { WEEKDAYS } from "./due";

export type Weekday = (typeof WEEKDAYS)[number];
type TimesRow = { key: string; days: Weekday[]; times: string[] };

export type PacingValues = {
  mode: "interval" | "times";
  time_zone: string;
  rows: TimesRow[];
  quiet: boolean;
  begin: string;
  end: string;
  /** Local times of the zone, as `datetime-local` has them; empty for none. */
  starts_at: string;
  ends_at: string;
  delay_seconds: number | "";
  jitter_seconds: number | "";
};

const TIME = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;
let rows = 0;

export const newRow = (days: Weekday[] = [...WEEKDAYS], times: string[] = []): TimesRow => ({
  key: `row ${++rows}`,
  days,
  times,
});

/** Returns "9:5" as "09:05"; null for what is no time of day. */
export function timeOfDay(written: string): string | null {
  const found = /^(\d{1,2})(?:[:.](\d{1,2}))?$/.exec(written.trim());
  if (found === null) return null;
  const time = `${found[1]?.padStart(2, "0")}:${(found[2] ?? "00").padStart(2, "0")}`;
  return TIME.test(time) ? time : null;
}

/** Returns the times in what was written, each once and in order, and what is none. */
export function timesIn(written: string[]): { times: string[]; unknown: string[] } {
  const parts = written.flatMap((one) => one.split(/[\s,;]+/)).filter((part) => part !== "");
  const times = parts.flatMap((part) => timeOfDay(part) ?? []);
  return { times: [...new Set(times)].sort(), unknown: parts.filter((part) => timeOfDay(part) === null) };
}

export function valuesOf(pacing: AdbotPacing, zone: string): PacingValues {
  const timetable = pacing.timetable ?? [];
  const untouched = timetable.length === 0 && !pacing.quiet_hours && (pacing.time_zone ?? "UTC") === "UTC";
  const time_zone = untouched ? zone : (pacing.time_zone ?? "UTC");
  return {
    mode: timetable.length > 0 ? "times" : "interval",
    time_zone,
    rows: timetable.length > 0 ? timetable.map((one) => newRow(one.days, one.times)) : [newRow()],
    quiet: !!pacing.quiet_hours,
    begin: pacing.quiet_hours?.begin ?? "22:00",
    end: pacing.quiet_hours?.end ?? "07:00",
    starts_at: localText(time_zone, pacing.starts_at),
    ends_at: localText(time_zone, pacing.ends_at),
    delay_seconds: pacing.delay_seconds ?? "",
    jitter_seconds: pacing.jitter_seconds ?? "",
  };
}

export function pacingOf(values: PacingValues): AdbotPacing {
  const timetable = values.rows.filter((row) => row.days.length > 0 && row.times.length > 0);
  return {
    time_zone: values.time_zone,
    timetable: values.mode === "times" ? timetable.map(({ days, times }) => ({ days, times })) : [],
    quiet_hours: values.quiet ? { begin: values.begin, end: values.end } : null,
    starts_at: instantText(values.time_zone, values.starts_at),
    ends_at: instantText(values.time_zone, values.ends_at),
    delay_seconds: values.delay_seconds === "" ? null : values.delay_seconds,
    jitter_seconds: values.jitter_seconds === "" ? null : values.jitter_seconds,
  };
}

function localText(zone: string, at: string | null | undefined): string {
  return at ? new Date(localOf(zone, Date.parse(at))).toISOString().slice(0, 16) : "";
}

function instantText(zone: string, local: string): string | null {
  const [day, time] = local.split("T");
  if (!day || !time) return null;
  const written = Date.parse(`${day}T00:00:00Z`) + sinceMidnight(time);
  // a year of five digits, which browsers let one type
  return Number.isNaN(written) ? null : new Date(instantOf(zone, written)).toISOString();
}

/** Whether cycles are to begin at set times, of which there is none: without them they would begin at the interval. */
export const lacksTimes = (values: PacingValues): boolean =>
  values.mode === "times" && pacingOf(values).timetable?.length === 0;
