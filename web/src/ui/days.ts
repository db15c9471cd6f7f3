import { shownZone } from "./time";
import { instantOf } from "./zones";

const DAY_MS = 86_400_000;

type Span = { from?: string; to?: string };

/** Returns the instants between which days lie that a person chose, the last included: days of the zone of all times. */
export function wholeDays({ from, to }: Span): Span {
  const found: Span = {};
  const begin = midnight(from, 0);
  const end = midnight(to, 1);
  if (begin !== null) found.from = begin;
  if (end !== null) found.to = end;
  return found;
}

function midnight(day: string | undefined, daysLater: number): string | null {
  const local = /^\d{4}-\d\d-\d\d$/.test(day ?? "") ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(local)
    ? null
    : new Date(instantOf(shownZone(), local + daysLater * DAY_MS)).toISOString();
}
