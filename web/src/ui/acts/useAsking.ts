import { useState } from "react";
import type { Act } from "./act";

/**
 * Returns the act that somebody is asked about, as it is now, and functions that begin and end that.
 *
 * An act that is no longer possible is not asked about any more, also if it becomes possible again.
 */
export function useAsking(acts: readonly Act[]) {
  const [title, setTitle] = useState<string | null>(null);
  const asked = acts.find((act) => act.title === title);
  if (title !== null && asked === undefined) setTitle(null);
  const ask = (act: Act) => {
    act.begin?.();
    setTitle(act.title);
  };
  return { asked, ask, close: () => setTitle(null) };
}
