/** One connection for server-sent events: says which data of the page has become stale. */

import { queries } from "../api/queries";
import { accessToken } from "../api/session";
import { eventsOf, type ServerEvent } from "./event-stream";
import { type Change, Staleness, staleAfter } from "./staleness";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const SOON_MS = 100;
/** All accounts change more often than one: what an operator sees is fetched again this often at most. */
const SOON_OF_ALL_MS = 1000;

const OWN = "/api/v1/live";
const ALL = "/api/v1/admin/live";

export type LiveState = "connecting" | "open" | "closed";

type Listening = { admin: boolean; signal: AbortSignal; onState: (state: LiveState) => void };

let wake: () => void = () => undefined;

/** Ends the pause before the next attempt to connect. */
export const connectNow = (): void => wake();

/** Listens until the signal aborts; connects again by itself, from the last event that was seen. */
export async function listen({ admin, signal, onState }: Listening): Promise<void> {
  let path = admin ? ALL : OWN;
  let last: string | null = null;
  let pause = FIRST_PAUSE_MS;
  const stale = new Staleness(admin ? SOON_OF_ALL_MS : SOON_MS, (key) => {
    void queries.invalidateQueries({ queryKey: key });
  });
  while (!signal.aborted) {
    try {
      const token = await accessToken();
      if (token === null) return;
      const headers: Record<string, string> = {
        Authorization: `Bearer ${token}`,
        Accept: "text/event-stream",
      };
      if (last !== null) headers["Last-Event-ID"] = last;
      const answer = await fetch(path, { headers, signal });
      if (answer.status === 403 && path === ALL) {
        path = OWN; // an admin without a second factor is no operator yet
        continue;
      }
      if (answer.ok && answer.body !== null) {
        onState("open");
        pause = FIRST_PAUSE_MS;
        // events say nothing of some pages' data, so all that is shown is read anew
        void queries.invalidateQueries();
        for await (const event of eventsOf(answer.body)) {
          last = event.id ?? last;
          handle(event, stale, path === ALL);
        }
      }
    } catch {
      // offline or restarting: the loop connects again
    }
    if (signal.aborted) return;
    onState("closed");
    await pauseOf(pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** Waits so long, or until the browser is online again, or somebody wants to connect now. */
function pauseOf(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
    wake = done;
  });
}

function handle(event: ServerEvent, stale: Staleness, ofAll: boolean): void {
  if (event.type === "gap") {
    void queries.invalidateQueries();
  } else if (event.type === "change") {
    stale.add(staleAfter(JSON.parse(event.data) as Change, ofAll));
  }
}
