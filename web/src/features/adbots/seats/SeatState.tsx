import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ResultClass, SeatFigures } from "../../../api/schema";
import { StateBadge } from "../../../ui/StateBadge";
import { clockTime, exactTime } from "../../../ui/time";
import { useNow } from "../../../ui/useNow";
import { reasonOf } from "../why";
import classes from "./SeatTable.module.css";

const SLOW_MS = 5000;

/** Whether an account works, or until when it rests and why. */
export function SeatState({ seat }: { seat: SeatFigures }) {
  const { t } = useTranslation();
  const now = useNow(SLOW_MS);
  const until = seat.rests_until;
  if (until === null || Date.parse(until) <= now) {
    return (
      <div className={classes.whole}>
        <StateBadge mood="good">{t("figures.works")}</StateBadge>
      </div>
    );
  }
  const error = seat.rest_error ?? "";
  const reason = reasonOf({ result: classOf(error), error, session: seat.session });
  return (
    <Group gap="xs">
      <div className={classes.whole} title={exactTime(until)}>
        <StateBadge mood="waiting">{t("seats.rests", { at: clockTime(until, now) })}</StateBadge>
      </div>
      <Text size="xs" c="var(--quiet)">
        {reason !== null && t(`why.${reason}`)}
      </Text>
    </Group>
  );
}

/** What a rest is for, by Telegram's name of the error that it began with. */
function classOf(error: string): ResultClass {
  if (error.startsWith("PEER_FLOOD")) return "ACCOUNT_LIMITED";
  return error.startsWith("FLOOD") ? "RATE_LIMITED" : "LEFT_OUT";
}
