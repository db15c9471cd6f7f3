import { Card, Group, SegmentedControl, Skeleton, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Column, DataTable } from "../DataTable";
import { whole } from "../size";
import type { Bar, Chart } from "./BarFigures";
import { CHART_HEIGHT } from "./height";

const BarFigures = lazy(() => import("./BarFigures"));

type Props = Chart & {
  /** The question that the chart answers. */
  title: string;
  /** What is counted, where that is not plain. */
  note?: string;
};

/** Figures as a chart, with the same as a table beside. */
export function Figures({ title, note, ...chart }: Props) {
  const { bars, series, xAxis, format = whole } = chart;
  const { t } = useTranslation();
  const [view, setView] = useState("chart");
  const columns: Column<Bar>[] = [
    { head: xAxis, cell: (bar) => bar.name },
    ...series.map(({ name, label }) => ({
      head: label,
      number: true,
      cell: (bar: Bar) => format(Number(bar[name])),
    })),
  ];
  return (
    <Card h="100%">
      <Stack gap="md">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <Title order={3}>{title}</Title>
            {note !== undefined && (
              <Text size="xs" c="var(--quiet)">
                {note}
              </Text>
            )}
          </div>
          <SegmentedControl
            size="xs"
            flex="none"
            aria-label={title}
            data={[
              { value: "chart", label: t("charts.chart") },
              { value: "table", label: t("charts.table") },
            ]}
            value={view}
            onChange={setView}
          />
        </Group>
        {view === "table" ? (
          <DataTable
            label={title}
            rows={bars}
            rowKey={(bar, place) => `${place} ${bar.name}`}
            columns={columns}
          />
        ) : (
          <Suspense fallback={<Skeleton height={CHART_HEIGHT} />}>
            <BarFigures label={title} {...chart} />
          </Suspense>
        )}
      </Stack>
    </Card>
  );
}
