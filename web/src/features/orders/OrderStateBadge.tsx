import { useTranslation } from "react-i18next";
import type { OrderStatus } from "../../api/schema";
import { type Mood, StateBadge } from "../../ui/StateBadge";

const MOODS: Record<OrderStatus, Mood> = {
  PENDING: "waiting",
  PAID: "working",
  FULFILLED: "good",
  EXPIRED: "quiet",
  CANCELLED: "quiet",
  REFUNDED: "quiet",
};

export function OrderStateBadge({ status }: { status: OrderStatus }) {
  const { t } = useTranslation();
  return <StateBadge mood={MOODS[status]}>{t(`orderStatus.${status}`)}</StateBadge>;
}
