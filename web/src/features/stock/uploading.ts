/** Sends many files with a few at a time, respecting how long the gateway asks to wait. */

import { ApiError } from "../../api/problem";

export type UploadState = "waiting" | "sending" | "stocked" | "refused" | "failed";
export type Upload = { id: string; name: string; state: UploadState; problem?: string };

const LONGEST_WAIT_SECONDS = 120;

/** Returns how long to wait before the same file is sent again; null if that would not help. */
export function waitOf(error: unknown): number | null {
  if (!(error instanceof ApiError)) return null;
  if (error.status !== 429 && error.status !== 503) return null;
  return Math.min(error.retryAfter ?? 1, LONGEST_WAIT_SECONDS);
}

/** Returns whether trying again by hand may help: the file was not refused for what it is. */
export function mayTryAgain(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status >= 500 || error.status === 429;
}

/** Runs jobs, so many at a time; a pause that one of them asks for holds up all. */
export class Lanes {
  readonly #most: number;
  #waiting: (() => Promise<void>)[] = [];
  #running = 0;
  #pausedUntil = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(job: () => Promise<void>): void {
    this.#waiting.push(job);
    if (this.#running < this.#most) void this.#lane();
  }

  /** Lets no job begin for so many seconds. */
  pause(seconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + seconds * 1000);
  }

  /** Resolves when the pause is over. */
  async ready(): Promise<void> {
    for (let left = this.#pausedUntil - Date.now(); left > 0; left = this.#pausedUntil - Date.now()) {
      await new Promise((done) => setTimeout(done, left));
    }
  }

  async #lane(): Promise<void> {
    this.#running += 1;
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      await this.ready();
      await job();
    }
    this.#running -= 1;
  }
}
