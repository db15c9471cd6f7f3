import { useTranslation } from "react-i18next";
import type { DeliveryState } from "../../api/schema";
import { type Mood, StateBadge } from "../../ui/StateBadge";

const MOODS: Record<DeliveryState, Mood> = { waiting: "waiting", delivered: "good", given_up: "bad" };

export function DeliveryStateBadge({ state }: { state: DeliveryState }) {
  const { t } = useTranslation();
  return <StateBadge mood={MOODS[state]}>{t(`deliveryState.${state}`)}</StateBadge>;
}
