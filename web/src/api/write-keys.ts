/** Idempotency keys of writes: one that is repeated before its answer is known is the same write, and is done once. */

/** So many writes without an answer are remembered. */
const MOST = 50;

type Write = { key: string; isLost: boolean };

export class WriteKeys {
  readonly #writes = new Map<string, Write>();

  /** Returns the key of a write: that of the last one of the same content, unless that was answered. */
  keyOf(content: string): string {
    const key = this.#writes.get(content)?.key ?? crypto.randomUUID();
    this.#writes.delete(content);
    this.#writes.set(content, { key, isLost: false });
    const [oldest] = this.#writes.keys();
    if (oldest !== undefined && this.#writes.size > MOST) this.#writes.delete(oldest);
    return key;
  }

  /** Notes that nobody knows whether a write was carried out. */
  lost(key: string): void {
    for (const write of this.#writes.values()) if (write.key === key) write.isLost = true;
  }

  /**
   * Notes that a write was carried out or refused: the same one is another one from here on.
   *
   * So are those whose answers were lost: a start that follows a stop is no repetition of the start before.
   */
  answered(key: string): void {
    for (const [content, write] of this.#writes) {
      if (write.key === key || write.isLost) this.#writes.delete(content);
    }
  }
}

/** Returns a digest of a write's content, so that no secret in it is remembered. */
export async function contentOf(request: Request): Promise<string> {
  const content = new TextEncoder().encode(
    `${request.method} ${request.url}\n${await request.clone().text()}`,
  );
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether an answer says what became of a write; the gateway may have failed after it was carried out. */
export const isFinal = (status: number, code: string | null): boolean =>
  status < 500 && code !== "request_in_progress";
