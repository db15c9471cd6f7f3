const DAY_MS = 86_400_000;
const DAYS = { month: 30, quarter: 90, year: 365, unlimited: null } as const;

export type Lifetime = keyof typeof DAYS;
export const LIFETIMES = Object.keys(DAYS) as Lifetime[];

/** Returns when a key ends that is made now; null: never. */
export function expiryAfter(lifetime: Lifetime, now: number): string | null {
  const days = DAYS[lifetime];
  return days === null ? null : new Date(now + days * DAY_MS).toISOString();
}
