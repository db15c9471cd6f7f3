import type { EventSearch } from "../../api/schema";

/** Where a search leads by itself: to a tree, perhaps with an event in it, or to a stream. */
type Goal = { tree: string; event?: string } | { stream: string };

/** Returns the one page that a search can mean; null if there are several, or none. */
export function goalOf(search: EventSearch): Goal | null {
  if (search.event !== null) return { tree: search.event.correlation_id, event: search.event.id };
  const named = search.streams.find((one) => one.stream === search.text);
  if (named !== undefined) return { stream: named.stream };
  const [tree, ...trees] = search.trees;
  const [stream, ...streams] = search.streams;
  if (tree !== undefined && trees.length === 0 && streams.length === 0) return { tree: tree.correlation_id };
  return stream !== undefined && streams.length === 0 && trees.length > 0 ? { stream: stream.stream } : null;
}
