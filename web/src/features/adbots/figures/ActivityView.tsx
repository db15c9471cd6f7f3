import { Group, SegmentedControl, Skeleton, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePeriods } from "../../../api/periods";
import type { PeriodFigures } from "../../../api/schema";
import { type Span, useAdbotSearch } from "../../../routing/adbot-search";
import { CHART_HEIGHT } from "../../../ui/charts/height";
import { Loaded } from "../../../ui/Loaded";
import { shownZone } from "../../../ui/time";
import { ActivityTable } from "./ActivityTable";
import { periodName } from "./labels";
import { figuresOf } from "./series";
import { useSeries } from "./useSeries";

const BarFigures = lazy(() => import("../../../ui/charts/BarFigures"));
const HOUR_MS = 3_600_000;

type View = "chart" | "table";

/** How many groups got the post, refused it or were left out, by hour or day; as a chart or a table. */
export function ActivityView({ adbot }: { adbot: string }) {
  const { t } = useTranslation();
  const [{ by: span = "hours" }, change] = useAdbotSearch();
  const [view, setView] = useState<View>("chart");
  const series = useSeries();
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="sm">
        <Title order={2}>{t(`activity.${span}`)}</Title>
        <Group gap="sm">
          <SegmentedControl
            size="xs"
            aria-label={t("activity.span")}
            value={span}
            onChange={(by) => change({ by: by as Span })}
            data={[
              { value: "hours", label: t("activity.byHour") },
              { value: "days", label: t("activity.byDay") },
            ]}
          />
          <SegmentedControl
            size="xs"
            aria-label={t("activity.view")}
            value={view}
            onChange={(next) => setView(next as View)}
            data={[
              { value: "chart", label: t("charts.chart") },
              { value: "table", label: t("charts.table") },
            ]}
          />
        </Group>
      </Group>
      <Loaded query={usePeriods(adbot, span, shownZone())}>
        {({ periods }) => (
          <>
            {view === "table" ? (
              <ActivityTable span={span} periods={periods} />
            ) : (
              <Suspense fallback={<Skeleton height={CHART_HEIGHT} />}>
                <BarFigures
                  label={t(`activity.${span}`)}
                  bars={periods.map((period) => ({
                    ...figuresOf(period),
                    name: periodName(span, period.start),
                  }))}
                  series={series}
                  xAxis={t(`activity.axis.${span}`, { zone: shownZone() })}
                  yAxis={t("activity.axis.count")}
                />
              </Suspense>
            )}
            {periods.some(beginsWithinHour) && (
              <Text size="sm" c="var(--quiet)">
                {t("activity.withinHour")}
              </Text>
            )}
          </>
        )}
      </Loaded>
    </Stack>
  );
}

/** Days of zones like that of India begin within an hour of UTC, in which the gateway counts. */
const beginsWithinHour = ({ start }: PeriodFigures) => Date.parse(start) % HOUR_MS !== 0;
