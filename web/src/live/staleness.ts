/** Which data has become stale by a change. */

export type Change = { kind: "adbot" | "order" | "notification"; id: string };

/** Returns the keys of the data that a change makes stale; `ofAll`: also those of the operator's pages. */
export function staleAfter(change: Change, ofAll: boolean): string[][] {
  switch (change.kind) {
    case "adbot":
      return [
        ["adbots"],
        ["adbot", change.id],
        ...(ofAll
          ? [
              ["operator", "adbots"],
              ["operator", "stock"],
            ]
          : []),
      ];
    case "order":
      return [
        ["orders"],
        ["payment", change.id],
        ...(ofAll
          ? [
              ["operator", "orders"],
              ["operator", "attention"],
            ]
          : []),
      ];
    case "notification":
      return [["notifications"], ...(ofAll ? [["operator", "notices"]] : [])];
  }
}

/** Collects stale keys for a moment, so that many changes fetch the same data once. */
export class Staleness {
  readonly #afterMs: number;
  readonly #invalidate: (key: string[]) => void;
  #keys = new Map<string, string[]>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(afterMs: number, invalidate: (key: string[]) => void) {
    this.#afterMs = afterMs;
    this.#invalidate = invalidate;
  }

  add(keys: string[][]): void {
    for (const key of keys) this.#keys.set(key.join(" "), key);
    this.#timer ??= setTimeout(() => this.#flush(), this.#afterMs);
  }

  #flush(): void {
    const keys = [...this.#keys.values()];
    this.#keys.clear();
    this.#timer = null;
    for (const key of keys) this.#invalidate(key);
  }
}
