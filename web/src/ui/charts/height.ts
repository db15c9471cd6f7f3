/** In pixels; what is shown until a chart is loaded has the same. */
export const CHART_HEIGHT = 260;
