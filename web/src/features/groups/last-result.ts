import type { GroupFigures, ResultClass } from "../../api/schema";

type Refusal = { result: ResultClass; error: string; session: string | null };

/**
 * Returns why the last cycle did not send to a group; null if it did, or if no cycle has named it.
 *
 * `seats` is how many accounts the adbot has: once all were refused, it is not about the last one alone.
 */
export function lastRefusal(group: GroupFigures, seats: number, now: number): Refusal | null {
  const { last_result: result, last_failure: failure } = group;
  if (result === null || group.state === "delivered") return null;
  const same = failure !== null && failure.at === group.last_at;
  // what was left out or stopped is nobody's refusal, so that it is not about an account
  const of = (session: string | null) => ({ result, error: group.last_error ?? "", session });
  if (!same) return of("");
  return of(waitsUntil(group, seats, now) === null ? failure.session : null);
}

/** Returns until when none of an adbot's accounts asks the group; null if one of them may by now. */
export function waitsUntil(group: GroupFigures, seats: number, now: number): string | null {
  const denials = group.denials
    .filter((denial) => Date.parse(denial.until) > now)
    .sort((one, other) => Date.parse(one.until) - Date.parse(other.until));
  const ofAll = denials.findLast((denial) => denial.session === null);
  if (ofAll !== undefined) return ofAll.until;
  const accounts = new Set(denials.map((denial) => denial.session));
  return accounts.size === 0 || accounts.size < seats ? null : (denials[0]?.until ?? null);
}
