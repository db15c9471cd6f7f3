import { useTranslation } from "react-i18next";
import type { Series } from "../../../ui/charts/BarFigures";
import { SERIES, SERIES_COLOURS } from "./series";

/** Returns what becomes of a send, as the series of a chart. */
export function useSeries(): Series[] {
  const { t } = useTranslation();
  return SERIES.map((name) => ({ name, label: t(`series.${name}`), color: SERIES_COLOURS[name] }));
}
