import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AdbotState } from "../../api/schema";
import { timeLeft } from "../../ui/time";
import { useNow } from "../../ui/useNow";
import { When } from "../../ui/When";

/** What the adbot does now or next, or why it does nothing. */
export function NextCycle({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const now = useNow();
  const running = adbot.cycles.running;
  if (running !== null) {
    const done = running.sent + running.failed + running.left_out;
    return <Text>{t("adbot.running", { number: running.number, done, groups: running.groups })}</Text>;
  }
  if (adbot.paused) return <Text>{t("adbot.paused")}</Text>;
  if (adbot.status !== "RUNNING") return <WhyStopped adbot={adbot} />;
  if (adbot.next_cycle_at === null) return null;
  const seconds = (Date.parse(adbot.next_cycle_at) - now) / 1000;
  return (
    <Text className="figure">
      {seconds > 0 ? t("adbot.countdown", { left: timeLeft(seconds) }) : t("adbot.overdue")}
    </Text>
  );
}

function WhyStopped({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  return (
    <Text>
      {adbot.stop_reason !== null && `${t(`stopReason.${adbot.stop_reason}`)} `}
      {adbot.valid_until === null ? t("adbot.noEnd") : <When at={adbot.valid_until} />}
    </Text>
  );
}
