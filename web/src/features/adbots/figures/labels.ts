import type { Span } from "../../../routing/adbot-search";
import { shownZone } from "../../../ui/time";

const HOUR = { timeStyle: "short" } as const;
const DAY = { day: "numeric", month: "short" } as const;
const EXACT_HOUR = { weekday: "short", hour: "2-digit", minute: "2-digit" } as const;
const EXACT_DAY = { weekday: "short", ...DAY } as const;

const formatted = (options: Intl.DateTimeFormatOptions, at: string) =>
  new Intl.DateTimeFormat("en-GB", { ...options, timeZone: shownZone() }).format(Date.parse(at));

/** Returns the name of an hour or day on an axis. */
export const periodName = (span: Span, start: string) => formatted(span === "hours" ? HOUR : DAY, start);

/** Returns it with its weekday. */
export const fullPeriodName = (span: Span, start: string) =>
  formatted(span === "hours" ? EXACT_HOUR : EXACT_DAY, start);
