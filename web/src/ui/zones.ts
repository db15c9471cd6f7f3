/** Times of day of a time zone as instants, also on days when its clocks are changed. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A local date and time as the milliseconds that it would be in UTC. */
type Local = number;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone, made);
  return made;
}

/** Returns what a zone's clocks show at an instant. */
export function localOf(zone: string, at: number): Local {
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * Returns the instant at which a zone's clocks show a time.
 *
 * A time that they skip is the next one that they show; of one that they show twice it is the first.
 */
export function instantOf(zone: string, local: Local): number {
  const offsetAt = (at: number) => localOf(zone, at) - Math.floor(at / 1000) * 1000;
  const before = local - offsetAt(local - DAY_MS);
  const after = local - offsetAt(local + DAY_MS);
  for (const at of [Math.min(before, after), Math.max(before, after)]) {
    if (localOf(zone, at) === local) return at;
  }
  // the clocks were set forward, in between these two
  let [early, late] = [Math.min(before, after), Math.max(before, after)];
  const offset = offsetAt(late);
  while (late - early > MINUTE_MS) {
    const middle = Math.floor((early + late) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offsetAt(middle) === offset) late = middle;
    else early = middle;
  }
  return late;
}

/** Returns the milliseconds of "09:30" since midnight. */
export function sinceMidnight(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return (hours * 60 + minutes) * MINUTE_MS;
}

export const midnightOf = (local: Local): Local => Math.floor(local / DAY_MS) * DAY_MS;

/** Returns the day of the week, Monday as 0. */
export const weekdayOf = (local: Local): number => (new Date(local).getUTCDay() + 6) % 7;
