import { useTranslation } from "react-i18next";
import type { SessionState } from "../../api/schema";
import { type Mood, StateBadge } from "../../ui/StateBadge";

const MOODS: Record<SessionState, Mood> = {
  UNUSED: "good",
  ASSIGNED: "working",
  IMPORTED: "waiting",
  BANNED: "bad",
  FROZEN: "bad",
  RETIRED: "quiet",
};

export function SessionStateBadge({ state }: { state: SessionState }) {
  const { t } = useTranslation();
  return <StateBadge mood={MOODS[state]}>{t(`sessionState.${state}`)}</StateBadge>;
}
