import type { AdbotState } from "../../../api/schema";

const DAY_MS = 86_400_000;

/** Returns until when an adbot runs after a renewal; null where its days count from the payment on. */
export function extendedUntil(adbot: AdbotState, days: number): string | null {
  if (adbot.status === "EXPIRED" || adbot.valid_until === null) return null;
  return new Date(Date.parse(adbot.valid_until) + days * DAY_MS).toISOString();
}
