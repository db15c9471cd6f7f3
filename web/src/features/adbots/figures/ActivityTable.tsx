import { useTranslation } from "react-i18next";
import type { PeriodFigures } from "../../../api/schema";
import type { Span } from "../../../routing/adbot-search";
import { type Column, DataTable } from "../../../ui/DataTable";
import { fullPeriodName } from "./labels";
import { SERIES } from "./series";

/** The same as the chart, in numbers; the latest first. */
export function ActivityTable({ span, periods }: { span: Span; periods: PeriodFigures[] }) {
  const { t } = useTranslation();
  const columns: Column<PeriodFigures>[] = [
    { head: t(`activity.head.${span}`), cell: (period) => fullPeriodName(span, period.start) },
    ...SERIES.map((name) => ({
      head: t(`series.${name}`),
      number: true,
      cell: (period: PeriodFigures) => period[name],
    })),
  ];
  return (
    <DataTable
      label={t(`activity.${span}`)}
      rows={periods.toReversed()}
      rowKey={(period) => period.start}
      columns={columns}
    />
  );
}
