/** Tells a value that a field has sent itself from one that was set elsewhere. */

/** Returns what is still on its way, the first first, after a text was sent while a value is shown. */
export const withSent = (sent: readonly string[], value: string, text: string): readonly string[] =>
  (sent.at(-1) ?? value) === text ? sent : [...sent, text];

/** Returns what is still on its way after a value has arrived; null if the field has not sent it. */
export function afterArrival(sent: readonly string[], value: string): readonly string[] | null {
  const at = sent.indexOf(value);
  return at < 0 ? null : sent.slice(at + 1);
}
