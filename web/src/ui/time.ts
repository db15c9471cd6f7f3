import { preferences } from "../preferences";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** Returns the distance of an instant from now, such as "5 minutes ago"; "1 day ago" need not be yesterday. */
export function relativeTime(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  if (seconds === 0) return "now";
  if (Math.abs(seconds) < MINUTE) return relative.format(seconds, "second");
  const [minutes, hours] = [Math.round(seconds / MINUTE), Math.round(seconds / HOUR)];
  if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
  return Math.abs(hours) < 24
    ? relative.format(hours, "hour")
    : relative.format(Math.round(seconds / DAY), "day");
}

/** Returns an instant with its zone: the one that this device prefers, else the browser's. */
export function exactTime(at: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "long",
    timeZone: shownZone(),
  }).format(new Date(at));
}

/** Returns the time of day to the millisecond, for what follows closely. */
export function preciseTime(at: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    timeZone: shownZone(),
  }).format(new Date(at));
}

/** Returns the time zone of all times that are shown. */
export function shownZone(): string {
  return preferences().zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Returns a time that is left: "12 s" up to a minute, then "m:ss", "h:mm:ss" or days. */
export function timeLeft(seconds: number): string {
  const left = Math.max(0, Math.floor(seconds));
  if (left < MINUTE) return `${left} s`;
  if (left >= 2 * DAY) return `${Math.floor(left / DAY)} d ${Math.floor((left % DAY) / HOUR)} h`;
  const two = (value: number) => String(value).padStart(2, "0");
  const rest = two(left % MINUTE);
  return left < HOUR
    ? `${Math.floor(left / MINUTE)}:${rest}`
    : `${Math.floor(left / HOUR)}:${two(Math.floor((left % HOUR) / MINUTE))}:${rest}`;
}

/** Returns the largest unit in which a duration is a whole number, for its text. */
export function wholeUnits(seconds: number): {
  unit: "seconds" | "minutes" | "hours" | "days";
  count: number;
} {
  if (seconds % DAY === 0) return { unit: "days", count: seconds / DAY };
  if (seconds % HOUR === 0) return { unit: "hours", count: seconds / HOUR };
  if (seconds % MINUTE === 0) return { unit: "minutes", count: seconds / MINUTE };
  return { unit: "seconds", count: seconds };
}

/** Returns an instant as the reader's clock shows it: "14:05", with its date if it is not today. */
export function clockTime(at: string, now: number): string {
  const timeZone = shownZone();
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone });
  const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone }).format(new Date(at));
  const date = day.format(new Date(at));
  return date === day.format(now) ? clock : `${date}, ${clock}`;
}
