import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AdbotState } from "../../../api/schema";
import { clockTime, exactTime, timeLeft } from "../../../ui/time";
import { useNow } from "../../../ui/useNow";
import { CycleProgress } from "./CycleProgress";

/** What the adbot does now or next: the running cycle, or the time to the next one. */
export function NextCycle({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const running = adbot.cycles.running;
  if (running !== null) return <CycleProgress cycle={running} />;
  if (adbot.status !== "RUNNING") {
    const why = adbot.stop_reason === "requested" ? `${t("stopReason.requested")} ` : "";
    return <Big text={t(`status.${adbot.status}`)} help={why + t("adbot.idle")} />;
  }
  if (adbot.paused) return <Big text={t("adbot.pausedShort")} help={t("adbot.paused")} />;
  if (adbot.next_cycle_at === null) return <Big text={t("adbot.noNext")} help={t("adbot.noNextHelp")} />;
  return <Countdown at={adbot.next_cycle_at} />;
}

function Countdown({ at }: { at: string }) {
  const { t } = useTranslation();
  const now = useNow();
  const seconds = (Date.parse(at) - now) / 1000;
  return seconds >= 1 ? (
    <Big
      text={
        <span role="timer" title={exactTime(at)}>
          {timeLeft(seconds)}
        </span>
      }
      help={t("adbot.countdown", { at: clockTime(at, now) })}
    />
  ) : (
    <Big text={t("adbot.overdue")} help={t("adbot.overdueHelp")} />
  );
}

function Big({ text, help }: { text: React.ReactNode; help: string }) {
  return (
    <>
      <Text size="xl" fw={600} className="figure">
        {text}
      </Text>
      <Text size="sm" c="var(--quiet)">
        {help}
      </Text>
    </>
  );
}
