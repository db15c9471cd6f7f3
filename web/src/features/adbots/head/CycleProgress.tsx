import { Progress, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { RunningCycle } from "../../../api/schema";
import { SERIES_COLOURS } from "../figures/series";

/** How far the running cycle has come: groups that got the post, refused it, or were left out. */
export function CycleProgress({ cycle }: { cycle: RunningCycle }) {
  const { t } = useTranslation();
  const done = cycle.sent + cycle.failed + cycle.left_out;
  const parts = [
    { key: "sent", count: cycle.sent },
    { key: "failed", count: cycle.failed },
    { key: "left_out", count: cycle.left_out },
  ] as const;
  const percent = (count: number) => (cycle.groups === 0 ? 0 : (100 * count) / cycle.groups);
  return (
    <>
      <Text size="xl" fw={600} className="figure">
        {t("adbot.done", { done, groups: cycle.groups })}
      </Text>
      <Progress.Root size="lg" my={6} role="group" aria-label={t("adbot.running", { number: cycle.number })}>
        {parts.map(({ key, count }) => (
          <Progress.Section
            key={key}
            value={percent(count)}
            color={SERIES_COLOURS[key]}
            aria-label={t(`series.${key}`)}
          />
        ))}
      </Progress.Root>
      <Text size="sm" c="var(--quiet)">
        {cycle.started_at === null
          ? t("adbot.beingPrepared", { number: cycle.number })
          : t("adbot.running", { number: cycle.number })}
      </Text>
      <Text size="sm" c="var(--quiet)" className="figure">
        {parts.map(({ key, count }) => `${t(`series.${key}`)}: ${count}`).join(" · ")}
      </Text>
    </>
  );
}
