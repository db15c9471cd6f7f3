import { SimpleGrid, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useStatistics } from "../../../api/adbots";
import type { ResultClass, Statistics } from "../../../api/schema";
import { type Column, DataTable } from "../../../ui/DataTable";
import { Loaded } from "../../../ui/Loaded";
import { Tile } from "../../../ui/Tile";
import { ResultBadge } from "../ResultBadge";
import { WhyText } from "../WhyText";
import { ActivityView } from "./ActivityView";

/** What an adbot did: by time, as a whole since it was created, and why posts did not arrive. */
export function FiguresView({ adbot }: { adbot: string }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xl">
      <ActivityView adbot={adbot} />
      <Loaded query={useStatistics(adbot)}>
        {(figures) => (
          <>
            <Stack gap="md">
              <Title order={2}>{t("figures.since")}</Title>
              <SimpleGrid cols={{ base: 2, sm: 3, md: 6 }}>
                <Tile name={t("figures.cycles")} value={figures.cycles} />
                <Tile name={t("figures.sent")} value={figures.successes} />
                <Tile name={t("figures.failed")} value={figures.posts - figures.successes} />
                <Tile name={t("figures.leftOut")} value={figures.left_out} />
                <Tile name={t("figures.skipped")} value={figures.cycles_skipped} />
                <Tile name={t("figures.waits")} value={figures.flood_waits} />
              </SimpleGrid>
            </Stack>
            <Reasons figures={figures} />
          </>
        )}
      </Loaded>
    </Stack>
  );
}

type ReasonRow = { result: ResultClass; error: string; count: number };

function Reasons({ figures }: { figures: Statistics }) {
  const { t } = useTranslation();
  const rows: ReasonRow[] = [
    ...Object.entries(figures.failures).map(([result, count]) => ({
      result: result as ResultClass,
      error: "",
      count,
    })),
    ...Object.entries(figures.left_out_because).map(([error, count]) => ({
      result: "LEFT_OUT" as const,
      error,
      count,
    })),
  ].sort((one, other) => other.count - one.count);
  if (rows.length === 0) return null;
  const columns: Column<ReasonRow>[] = [
    { head: t("log.result"), cell: (row) => <ResultBadge result={row.result} /> },
    { head: t("log.why"), cell: (row) => <WhyText refusal={{ ...row, session: "" }} /> },
    { head: t("figures.count"), number: true, cell: (row) => row.count },
  ];
  return (
    <Stack gap="md">
      <Title order={2}>{t("figures.reasons")}</Title>
      <DataTable
        label={t("figures.reasons")}
        rows={rows}
        rowKey={(row) => `${row.result} ${row.error}`}
        columns={columns}
      />
    </Stack>
  );
}
