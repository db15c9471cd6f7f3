import type { ResultClass, Statistics } from "../../../api/schema";

/** Returns the results that an adbot has had, the most frequent failure first. */
export function resultsOf(statistics: Statistics): ResultClass[] {
  const failures = Object.entries(statistics.failures)
    .sort(([, one], [, other]) => other - one)
    .map(([result]) => result as ResultClass);
  const results: ResultClass[] = [];
  if (statistics.successes > 0) results.push("SENT");
  results.push(...failures);
  if (statistics.left_out > 0) results.push("LEFT_OUT");
  if (statistics.not_sent > 0) results.push("STOPPED");
  return results;
}
