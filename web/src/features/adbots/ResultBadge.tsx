import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { LogLine, ResultClass } from "../../api/schema";
import { type Mood, StateBadge } from "../../ui/StateBadge";

const GOOD = new Set<ResultClass>(["SENT", "ALREADY_SENT"]);
const QUIET = new Set<ResultClass>(["LEFT_OUT", "STOPPED"]);
const WAITING = new Set<ResultClass>(["RATE_LIMITED", "SLOW_MODE", "TRANSIENT"]);

function moodOf(result: ResultClass): Mood {
  if (GOOD.has(result)) return "good";
  if (QUIET.has(result)) return "quiet";
  return WAITING.has(result) ? "waiting" : "bad";
}

/** A delivery's result in words, with Telegram's name of the error. */
export function ResultBadge({ line }: { line: LogLine }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" wrap="nowrap">
      <StateBadge mood={moodOf(line.result)}>{t(`result.${line.result}`)}</StateBadge>
      {line.error !== "" && (
        <Text size="xs" c="var(--quiet)">
          {line.error}
        </Text>
      )}
    </Group>
  );
}
