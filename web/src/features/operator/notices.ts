import type { NoticeKind, NoticeView } from "../../api/schema";

/** What stops the service, or loses money, comes before what can wait for an hour. */
const URGENCY: Record<NoticeKind, "urgent" | "soon"> = {
  service_silent: "urgent",
  relay_stalls: "urgent",
  dead_letters: "urgent",
  sessions_lost: "urgent",
  sale_refused: "urgent",
  order_needs_person: "soon",
  low_stock: "soon",
  seats_awaited: "soon",
  account_limited: "soon",
  reader_lags: "soon",
  mail_given_up: "soon",
};

export const urgencyOf = (notice: NoticeView) => URGENCY[notice.kind];

/** Returns the notices that are urgent first, and of each the latest first, as they come. */
export function byUrgency(notices: NoticeView[]): NoticeView[] {
  const rank = (notice: NoticeView) => (urgencyOf(notice) === "urgent" ? 0 : 1);
  return [...notices].sort((one, other) => rank(one) - rank(other));
}
