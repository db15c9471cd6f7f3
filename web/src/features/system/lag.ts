const FULL = 10_000;

/** Returns how much of a bar a lag fills, in percent: each tenfold lag as much more, all of it at 10,000. */
export function lagShare(waiting: number): number {
  if (waiting <= 0) return 0;
  return Math.min(100, Math.max(4, (100 * Math.log10(waiting + 1)) / Math.log10(FULL + 1)));
}
