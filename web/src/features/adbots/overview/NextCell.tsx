import { useTranslation } from "react-i18next";
import type { AdbotState } from "../../../api/schema";
import { timeLeft } from "../../../ui/time";
import { useNow } from "../../../ui/useNow";

/** How far a running cycle has come, or how long it is to the next one. */
export function NextCell({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const now = useNow();
  const { running } = adbot.cycles;
  if (running !== null) {
    const done = running.sent + running.failed + running.left_out;
    return t("adbots.sending", { done, groups: running.groups });
  }
  if (adbot.status !== "RUNNING" || adbot.paused || adbot.next_cycle_at === null) return t("common.none");
  const seconds = (Date.parse(adbot.next_cycle_at) - now) / 1000;
  return <span className="figure">{seconds >= 1 ? timeLeft(seconds) : t("adbot.overdue")}</span>;
}
