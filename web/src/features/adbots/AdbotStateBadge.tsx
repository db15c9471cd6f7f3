import { useTranslation } from "react-i18next";
import type { AdbotStatus } from "../../api/schema";
import { type Mood, StateBadge } from "../../ui/StateBadge";

const MOODS: Record<AdbotStatus, Mood> = {
  RUNNING: "good",
  STOPPED: "quiet",
  EXPIRED: "bad",
  SUSPENDED: "bad",
};

export function AdbotStateBadge({ status }: { status: AdbotStatus }) {
  const { t } = useTranslation();
  return <StateBadge mood={MOODS[status]}>{t(`status.${status}`)}</StateBadge>;
}
