import { SimpleGrid, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useStatistics } from "../../api/adbots";
import type { SeatFigures } from "../../api/schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { Loaded } from "../../ui/Loaded";
import { Tile } from "../../ui/Tile";
import { When } from "../../ui/When";

/** What an adbot did since it was created, and its accounts. */
export function StatisticsView({ adbot }: { adbot: string }) {
  const { t } = useTranslation();
  const columns: Column<SeatFigures>[] = [
    { head: t("log.account"), cell: (seat) => seat.session },
    {
      head: t("groups.state"),
      cell: (seat) => (seat.rests_until === null ? t("figures.works") : <When at={seat.rests_until} />),
    },
    { head: t("figures.sent"), number: true, cell: (seat) => seat.successes },
    { head: t("figures.failed"), number: true, cell: (seat) => seat.posts - seat.successes },
    { head: t("figures.waits"), number: true, cell: (seat) => seat.flood_waits },
  ];
  return (
    <Loaded query={useStatistics(adbot)}>
      {(figures) => (
        <Stack gap="lg">
          <SimpleGrid cols={{ base: 2, sm: 5 }}>
            <Tile name={t("figures.cycles")} value={figures.cycles} />
            <Tile name={t("figures.sent")} value={figures.successes} />
            <Tile name={t("figures.failed")} value={figures.posts - figures.successes} />
            <Tile name={t("figures.skipped")} value={figures.cycles_skipped} />
            <Tile name={t("figures.waits")} value={figures.flood_waits} />
          </SimpleGrid>
          <Title order={2}>{t("figures.accounts")}</Title>
          <DataTable
            label={t("figures.accounts")}
            rows={figures.seats}
            rowKey={(seat) => seat.session}
            columns={columns}
          />
        </Stack>
      )}
    </Loaded>
  );
}
