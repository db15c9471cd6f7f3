import { Group, Stack, Text } from "@mantine/core";
import { IconList } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LogFilter } from "../../../api/adbot-log";
import { isUnreachable } from "../../../api/problem";
import type { LogLine } from "../../../api/schema";
import { useAdbotSearch } from "../../../routing/adbot-search";
import { DataTable } from "../../../ui/DataTable";
import { Empty } from "../../../ui/Empty";
import { Loaded } from "../../../ui/Loaded";
import { MoreButton } from "../../../ui/MoreButton";
import { ProblemNotice } from "../../../ui/ProblemNotice";
import { exactTime } from "../../../ui/time";
import { LogExport } from "./LogExport";
import { LogFilters } from "./LogFilters";
import { lineKey, linesOf, MOST_LINES } from "./lines";
import { NewLines } from "./NewLines";
import { useLiveLines } from "./useLiveLines";
import { useLogColumns } from "./useLogColumns";

const DAY_MS = 86_400_000;

/** The deliveries of an adbot, the latest first, as they are recorded. */
export function LiveLog({ adbot }: { adbot: string }) {
  const { t } = useTranslation();
  const [{ result, group }] = useAdbotSearch();
  const filter = useMemo<LogFilter>(
    () => ({ ...(result ? { result } : {}), ...(group ? { group } : {}) }),
    [result, group],
  );
  const { query, ref, waiting, show, error } = useLiveLines(adbot, filter);
  const columns = useLogColumns();
  return (
    <>
      <NewLines count={waiting} onShow={show} />
      <Stack gap="md">
        <Group ref={ref} justify="space-between" align="flex-start" gap="sm">
          <LogFilters adbot={adbot} />
          <LogExport adbot={adbot} filter={filter} />
        </Group>
        {query.data !== undefined && error !== null && !isUnreachable(error) && (
          <ProblemNotice error={error} />
        )}
        <Loaded query={query} rows={8}>
          {(shown) => {
            const lines = linesOf(shown);
            if (lines.length === 0) return <NoLines filtered={result !== undefined || group !== undefined} />;
            return (
              <>
                <DataTable label={t("adbot.tabs.log")} rows={lines} rowKey={lineKey} columns={columns} />
                {lines.length < MOST_LINES && <MoreButton query={query} />}
                {query.hasNextPage && lines.length >= MOST_LINES && (
                  <Text size="sm" c="var(--quiet)">
                    {t("log.atMost", { count: lines.length })}
                  </Text>
                )}
                {!query.hasNextPage && (
                  <KeptSince at={shown.pages.at(-1)?.kept_since ?? null} oldest={lines.at(-1)} />
                )}
              </>
            );
          }}
        </Loaded>
      </Stack>
    </>
  );
}

function NoLines({ filtered }: { filtered: boolean }) {
  const { t } = useTranslation();
  return (
    <Empty
      icon={<IconList size={22} />}
      title={filtered ? t("log.nothing") : t("log.empty")}
      text={filtered ? t("log.nothingText") : t("log.emptyText")}
    />
  );
}

/** Says that older lines were deleted, where the shown ones reach back that far. */
function KeptSince({ at, oldest }: { at: string | null; oldest: LogLine | undefined }) {
  const { t } = useTranslation();
  if (at === null || oldest === undefined || Date.parse(oldest.at) - Date.parse(at) > DAY_MS) return null;
  return (
    <Text size="sm" c="var(--quiet)">
      {t("log.keptSince", { at: exactTime(at) })}
    </Text>
  );
}
