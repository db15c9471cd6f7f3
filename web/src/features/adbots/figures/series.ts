import type { PeriodFigures } from "../../../api/schema";

/** What becomes of a send, as charts and progress tell it apart: also without seeing red and green. */
export const SERIES = ["sent", "failed", "left_out"] as const;

export const SERIES_COLOURS: Record<(typeof SERIES)[number], string> = {
  sent: "indigo.6",
  failed: "orange.6",
  left_out: "gray.5",
};

/** Returns the figures of a period that charts show. */
export const figuresOf = ({ sent, failed, left_out }: PeriodFigures) => ({ sent, failed, left_out });
