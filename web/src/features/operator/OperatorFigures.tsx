import { SimpleGrid } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useDaysOfAll } from "../../api/periods";
import { useSales } from "../../api/sales";
import { useStockCounts } from "../../api/stock";
import { SESSION_STATES } from "../../routing/states";
import { moneyText } from "../../ui/amount";
import { Figures } from "../../ui/charts/Figures";
import { Loaded } from "../../ui/Loaded";
import { figuresOf } from "../adbots/figures/series";
import { useSeries } from "../adbots/figures/useSeries";
import { salesByDay } from "./sales-days";

const DAYS = 14;
const GREEN = "teal.6";
const GREY = "gray.5";
const ACCENT = "indigo.6";

/** What was sent and sold lately, and what the stock has. */
export function OperatorFigures() {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Deliveries />
      <SalesFigures />
      <StockFigures />
    </SimpleGrid>
  );
}

function Deliveries() {
  const { t } = useTranslation();
  const series = useSeries();
  return (
    <Loaded query={useDaysOfAll(DAYS)} rows={4}>
      {({ periods }) => (
        <Figures
          title={t("charts.deliveries")}
          note={t("charts.deliveriesNote")}
          bars={periods.map((period) => ({ ...figuresOf(period), name: short(period.start.slice(0, 10)) }))}
          series={series}
          xAxis={t("charts.day")}
          yAxis={t("charts.groups")}
        />
      )}
    </Loaded>
  );
}

function SalesFigures() {
  const { t } = useTranslation();
  return (
    <Loaded query={useSales(DAYS)} rows={4}>
      {({ orders, cut }) => {
        const days = salesByDay(orders, DAYS, Date.now());
        const note = cut ? t("charts.cut", { count: orders.length }) : t("charts.salesNote");
        return (
          <>
            <Figures
              title={t("charts.orders")}
              note={note}
              bars={days.map(({ day, paid, unpaid }) => ({ name: short(day), paid, unpaid }))}
              series={[
                { name: "paid", label: t("charts.paid"), color: GREEN },
                { name: "unpaid", label: t("charts.unpaid"), color: GREY },
              ]}
              xAxis={t("charts.day")}
              yAxis={t("nav.orders")}
            />
            <Figures
              title={t("charts.revenue")}
              note={t("charts.revenueNote")}
              bars={days.map(({ day, usd }) => ({ name: short(day), usd }))}
              series={[{ name: "usd", label: t("charts.usd"), color: ACCENT }]}
              xAxis={t("charts.day")}
              yAxis={t("charts.usd")}
              format={(value) => moneyText(value.toFixed(2), "USD")}
            />
          </>
        );
      }}
    </Loaded>
  );
}

function StockFigures() {
  const { t } = useTranslation();
  return (
    <Loaded query={useStockCounts()} rows={4}>
      {({ counts }) => (
        <Figures
          title={t("charts.stock")}
          bars={SESSION_STATES.map((state) => ({
            name: t(`sessionState.${state}`),
            count: counts[state] ?? 0,
          }))}
          series={[{ name: "count", label: t("charts.sessions"), color: ACCENT }]}
          sideways
          xAxis={t("stock.state")}
          yAxis={t("charts.sessions")}
        />
      )}
    </Loaded>
  );
}

const short = (day: string) => day.slice(5);
