/** Reads what the address holds: filters, sorting and tabs. What is unknown is left out. */

export type Search = Record<string, unknown>;

/** Returns a record with this value of a fixed list, or an empty one. */
export function oneOf<K extends string, T extends string>(
  key: K,
  options: readonly T[],
  search: Search,
): { [key in K]?: T } {
  const found = options.find((option) => option === search[key]);
  return (found === undefined ? {} : { [key]: found }) as { [key in K]?: T };
}

/** Returns a record with these texts of the address, without those that are empty. */
export function texts<K extends string>(search: Search, ...keys: K[]): { [key in K]?: string } {
  const found: { [key in K]?: string } = {};
  for (const key of keys) {
    const value = search[key];
    // digits that somebody typed come out of the address as a number; a longer one is not exact any more
    const exact = typeof value === "string" ? value !== "" : Number.isSafeInteger(value);
    if (exact) found[key] = String(value);
  }
  return found;
}

/** Returns what changes one filter of an address, and leaves the others; without a value it is taken away. */
export function withFilter<K extends string>(key: K, value: string | undefined) {
  return <S extends { [key in K]?: string }>(before: S): S => {
    const { [key]: _, ...others } = before;
    return (value ? { ...others, [key]: value } : others) as S;
  };
}
