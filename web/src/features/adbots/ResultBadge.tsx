import { useTranslation } from "react-i18next";
import type { ResultClass } from "../../api/schema";
import { type Mood, StateBadge } from "../../ui/StateBadge";

const GOOD = new Set<ResultClass>(["SENT", "ALREADY_SENT"]);
const QUIET = new Set<ResultClass>(["LEFT_OUT", "STOPPED"]);
const WAITING = new Set<ResultClass>(["RATE_LIMITED", "SLOW_MODE", "TRANSIENT"]);

function moodOf(result: ResultClass): Mood {
  if (GOOD.has(result)) return "good";
  if (QUIET.has(result)) return "quiet";
  return WAITING.has(result) ? "waiting" : "bad";
}

/** A delivery's result in words. */
export function ResultBadge({ result }: { result: ResultClass }) {
  const { t } = useTranslation();
  return <StateBadge mood={moodOf(result)}>{t(`result.${result}`)}</StateBadge>;
}
