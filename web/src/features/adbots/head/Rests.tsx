import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useStatistics } from "../../../api/adbots";
import type { AdbotState } from "../../../api/schema";
import { clockTime } from "../../../ui/time";
import { useNow } from "../../../ui/useNow";
import { restingOf } from "./rests";

const SLOW_MS = 5000;

/** Says until when accounts rest because Telegram asked for it; nothing while none does. */
export function Rests({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const seats = useStatistics(adbot.id).data?.seats ?? [];
  const now = useNow(SLOW_MS);
  const resting = restingOf(seats, now);
  if (resting === null) return null;
  const values = { at: clockTime(resting.until, now), count: resting.count };
  return (
    <Text size="sm" mt={4}>
      {resting.all ? t("adbot.allRest", values) : t("adbot.someRest", values)}
    </Text>
  );
}
