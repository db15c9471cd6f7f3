const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long" });

/** Returns the distance of an instant from now, such as "5 minutes ago". */
export function relativeTime(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  const size = Math.abs(seconds);
  if (size < MINUTE) return relative.format(seconds, "second");
  if (size < HOUR) return relative.format(Math.round(seconds / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.round(seconds / HOUR), "hour");
  return relative.format(Math.round(seconds / DAY), "day");
}

export const exactTime = (at: string): string => exact.format(new Date(at));

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
