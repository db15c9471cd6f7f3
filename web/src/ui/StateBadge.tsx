import { Badge } from "@mantine/core";
import type { ReactNode } from "react";

export type Mood = "good" | "working" | "waiting" | "bad" | "quiet";

const COLOURS: Record<Mood, string> = {
  good: "teal",
  working: "indigo",
  waiting: "yellow",
  bad: "red",
  quiet: "gray",
};

/** A state in a word; the colour only repeats it. */
export function StateBadge({ mood, children }: { mood: Mood; children: ReactNode }) {
  return <Badge color={COLOURS[mood]}>{children}</Badge>;
}
