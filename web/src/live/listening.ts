/** One connection for server-sent events: says which data of the page has become stale. */

import { queries } from "../api/queries";
import { accessToken } from "../api/session";
import { eventsOf, type ServerEvent } from "./event-stream";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export type LiveState = "connecting" | "open" | "closed";

type Change = { kind: "adbot" | "order" | "notification"; id: string };

/** Listens until the signal aborts; connects again by itself, from the last event that was seen. */
export async function listen(signal: AbortSignal, onState: (state: LiveState) => void): Promise<void> {
  let last: string | null = null;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const token = await accessToken();
      if (token === null) return;
      const headers: Record<string, string> = {
        Authorization: `Bearer ${token}`,
        Accept: "text/event-stream",
      };
      if (last !== null) headers["Last-Event-ID"] = last;
      const answer = await fetch("/api/v1/live", { headers, signal });
      if (answer.ok && answer.body !== null) {
        onState("open");
        pause = FIRST_PAUSE_MS;
        if (last === null) void queries.invalidateQueries();
        for await (const event of eventsOf(answer.body)) {
          last = event.id ?? last;
          handle(event);
        }
      }
    } catch {
      // offline or restarting: the loop connects again
    }
    if (signal.aborted) return;
    onState("closed");
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

function handle(event: ServerEvent): void {
  if (event.type === "gap") {
    void queries.invalidateQueries();
  } else if (event.type === "change") {
    for (const key of staleAfter(JSON.parse(event.data) as Change)) {
      void queries.invalidateQueries({ queryKey: key });
    }
  }
}

export function staleAfter(change: Change): string[][] {
  switch (change.kind) {
    case "adbot":
      return [["adbots"], ["adbot", change.id]];
    case "order":
      return [["orders"], ["payment", change.id]];
    case "notification":
      return [["notifications"]];
  }
}
