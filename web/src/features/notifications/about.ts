import type { NotificationView } from "../../api/schema";

/** Returns the page of what a notification is about; null if it is about nothing that has one. */
export function pageAbout(
  one: Pick<NotificationView, "kind" | "adbot" | "order_number" | "webhook">,
): string | null {
  if (one.webhook !== null) return `/profile?tab=webhooks&webhook=${one.webhook}`;
  if (one.adbot !== null) return `/adbots/${one.adbot}`;
  return one.order_number === null ? null : `/pay/${one.order_number}`;
}
