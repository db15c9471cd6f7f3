import "@mantine/charts/styles.layer.css";
import { BarChart } from "@mantine/charts";
import { whole } from "../size";
import { CHART_HEIGHT } from "./height";

export type Series = { name: string; label: string; color: string };
export type Bar = Record<string, string | number>;

/** What a chart shows, and the table beside it. */
export type Chart = {
  /** Each with a `name`, and a number for each series. */
  bars: Bar[];
  series: Series[];
  /** What the names are, and what is counted. */
  xAxis: string;
  yAxis: string;
  format?: (value: number) => string;
  /** Bars go to the right, for names that are long. */
  sideways?: boolean;
};

type Props = Chart & { label: string };

/** Bars over days or states; loaded when the first one is shown. */
export default function BarFigures({
  label,
  bars,
  series,
  xAxis,
  yAxis,
  format = whole,
  sideways = false,
}: Props) {
  const counted = { allowDecimals: false, domain: [0, "auto"] as [number, string] };
  return (
    <BarChart
      h={CHART_HEIGHT}
      type="stacked"
      dataKey="name"
      data={bars}
      series={series}
      withLegend={series.length > 1}
      legendProps={{ itemSorter: ({ dataKey }) => series.findIndex(({ name }) => name === dataKey) }}
      tickLine="none"
      {...(sideways
        ? {
            orientation: "vertical",
            xAxisLabel: yAxis,
            yAxisLabel: xAxis,
            xAxisProps: counted,
            yAxisProps: { width: 120 },
          }
        : {
            xAxisLabel: xAxis,
            yAxisLabel: yAxis,
            xAxisProps: { interval: "equidistantPreserveStart" },
            yAxisProps: { ...counted, width: 64 },
          })}
      barProps={{ isAnimationActive: false }}
      maxBarWidth={36}
      valueFormatter={format}
      role="group"
      aria-label={label}
    />
  );
}
