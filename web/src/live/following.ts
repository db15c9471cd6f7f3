/** Follows the events of all services, for operators; connects again by itself. */

import { ApiError } from "../api/problem";
import type { EventDetail, Problem } from "../api/schema";
import { accessToken } from "../api/session";
import { eventsOf, type ServerEvent } from "./event-stream";
import type { LiveState } from "./listening";

const FIRST = "100";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

type EventFilter = { services: string[]; types: string[]; stream: string };

/** An event with its place in the stream, or how many are missing. */
export type Followed = { id: string | null; event: EventDetail } | { lost: number };

type Heard = {
  onState: (state: LiveState) => void;
  onFollowed: (followed: Followed) => void;
  onProblem: (problem: ApiError | null) => void;
};

/** Follows until the signal aborts, from the last event that was seen. */
export async function follow(filter: EventFilter, signal: AbortSignal, heard: Heard): Promise<void> {
  let last: string | null = null;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const answer = await connect(filter, last, signal);
      if (answer.ok && answer.body !== null) {
        heard.onProblem(null);
        heard.onState("open");
        pause = FIRST_PAUSE_MS;
        for await (const event of eventsOf(answer.body)) {
          last = event.id ?? last;
          const followed = followedOf(event);
          if (followed !== null && !signal.aborted) heard.onFollowed(followed);
        }
      } else {
        heard.onProblem(
          new ApiError(answer.status, (await answer.json().catch(() => ({}))) as Partial<Problem>, null),
        );
      }
    } catch {
      // offline or restarting: the loop connects again
    }
    if (signal.aborted) return;
    heard.onState("closed");
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

async function connect(filter: EventFilter, last: string | null, signal: AbortSignal): Promise<Response> {
  const token = await accessToken();
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (last !== null) headers["Last-Event-ID"] = last;
  return fetch(`/api/v1/admin/events/live?${queryOf(filter)}`, { headers, signal });
}

export function queryOf(filter: EventFilter): string {
  const query = new URLSearchParams({ last: FIRST });
  for (const service of filter.services) query.append("service", service);
  for (const type of filter.types) query.append("type", type);
  if (filter.stream !== "") query.set("stream", filter.stream);
  return query.toString();
}

export function followedOf(event: ServerEvent): Followed | null {
  if (event.type === "event") return { id: event.id, event: JSON.parse(event.data) as EventDetail };
  return event.type === "gap" ? (JSON.parse(event.data) as { lost: number }) : null;
}
