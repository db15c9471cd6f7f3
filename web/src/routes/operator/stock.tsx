import { Group, Stack, Title } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { SessionState } from "../../api/schema";
import { useStockCounts } from "../../api/stock";
import { AddApplication, Applications } from "../../features/stock/Applications";
import { StockTable } from "../../features/stock/StockTable";
import { UploadSessions } from "../../features/stock/UploadSessions";
import { withFilter } from "../../routing/searching";
import { SESSION_STATES } from "../../routing/states";
import { FilterChips } from "../../ui/FilterChips";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { SearchField } from "../../ui/SearchField";

const route = getRouteApi("/client/operator/stock");

export function StockPage() {
  const { t } = useTranslation();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const counts = useStockCounts();
  const chip = (one: SessionState) => {
    const state = t(`sessionState.${one}`);
    const known = counts.data?.counts;
    return known === undefined ? state : t("stock.chip", { state, count: known[one] ?? 0 });
  };
  return (
    <Page title={t("stock.title")} about={t("stock.about")}>
      <UploadSessions />
      <Group gap="sm">
        <SearchField
          label={t("stock.search")}
          value={filter.text ?? ""}
          onSearch={(next) =>
            void navigate({
              replace: true,
              search: withFilter("text", next),
            })
          }
        />
        <FilterChips
          label={t("stock.state")}
          options={SESSION_STATES}
          text={chip}
          value={filter.state}
          onChange={(next) =>
            void navigate({
              search: withFilter("state", next),
            })
          }
        />
      </Group>
      <StockTable filter={filter} />
      <Stack gap="md" component="section">
        <Group justify="space-between">
          <Title order={2}>{t("stock.applications")}</Title>
          <AddApplication />
        </Group>
        <Loaded query={counts} rows={1}>
          {({ pairs }) => <Applications applications={pairs} />}
        </Loaded>
      </Stack>
    </Page>
  );
}
