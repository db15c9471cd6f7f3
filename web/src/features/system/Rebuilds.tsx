import { Card, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { RebuildLine } from "../../api/schema";
import { isGoing } from "../../api/system";
import { type Mood, StateBadge } from "../../ui/StateBadge";
import { whole } from "../../ui/size";
import { When } from "../../ui/When";
import { RebuildProgress } from "./RebuildProgress";

const MOODS: Record<RebuildLine["state"], Mood> = {
  RUNNING: "working",
  SWAPPING: "working",
  DONE: "good",
  FAILED: "bad",
};

/** Rebuilds that go on, with their progress, and how the last ones ended. */
export function Rebuilds({ rebuilds }: { rebuilds: (RebuildLine & { of: string })[] }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" component="ul" p={0} m={0} aria-label={t("tables.rebuilds")}>
      {rebuilds.map((one) => (
        <Card key={`${one.of} ${one.table} ${one.began_at}`} component="li" padding="sm">
          <Stack gap={6}>
            <Group justify="space-between" gap="xs">
              <Group gap="xs">
                <Text size="sm" fw={600}>
                  {t("tables.named", { table: one.table, service: one.of })}
                </Text>
                <StateBadge mood={MOODS[one.state]}>{t(`rebuildState.${one.state}`)}</StateBadge>
              </Group>
              <Text size="xs" c="var(--quiet)">
                {t("tables.progress", {
                  passed: whole(one.passed),
                  events: whole(one.events),
                  rate: whole(one.events_a_second),
                })}
                {", "}
                <When at={one.ended_at ?? one.began_at} />
              </Text>
            </Group>
            {isGoing(one) && <RebuildProgress rebuild={one} />}
            {one.error !== "" && <Text size="sm">{t("tables.failed", { error: one.error })}</Text>}
          </Stack>
        </Card>
      ))}
    </Stack>
  );
}
