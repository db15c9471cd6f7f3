import type { SeatFinding } from "../../../api/schema";
import type { Mood } from "../../../ui/StateBadge";

export const MOODS = {
  usable: "good",
  protected: "bad",
  gone: "bad",
  outside: "waiting",
  unreadable: "bad",
  waiting: "working",
  silent: "quiet",
} as const satisfies Record<string, Mood>;

type Finding = keyof typeof MOODS;

/** Returns what an account found out about a post. */
export function findingOf(seat: SeatFinding, running: boolean): Finding {
  if (!seat.answered) return running ? "waiting" : "silent";
  if (seat.readable) return seat.forwardable ? "usable" : "protected";
  if (/^(MESSAGE_ID|MSG_ID|USERNAME_)/.test(seat.error)) return "gone";
  return /^(CHANNEL_PRIVATE|NOT_A_MEMBER|CHANNEL_INVALID)/.test(seat.error) ? "outside" : "unreadable";
}
