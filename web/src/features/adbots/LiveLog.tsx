import { Group, Select, Stack } from "@mantine/core";
import { IconList } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLog } from "../../api/adbots";
import type { LogLine, ResultClass } from "../../api/schema";
import en from "../../texts/en.json";
import { CopyText } from "../../ui/CopyText";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { PagedTable } from "../../ui/PagedTable";
import { When } from "../../ui/When";
import { ResultBadge } from "./ResultBadge";

const RESULTS = Object.keys(en.result) as ResultClass[];

/** The deliveries of an adbot, the latest first, as they are recorded. */
export function LiveLog({ adbot }: { adbot: string }) {
  const { t } = useTranslation();
  const [result, setResult] = useState<ResultClass | null>(null);
  const query = useLog(adbot, result === null ? {} : { result });
  const columns: Column<LogLine>[] = [
    { head: t("log.time"), cell: (line) => <When at={line.at} /> },
    { head: t("log.group"), cell: (line) => <CopyText value={line.group} /> },
    { head: t("log.result"), cell: (line) => <ResultBadge line={line} /> },
    { head: t("log.account"), cell: (line) => line.session ?? t("common.none") },
  ];
  return (
    <Stack gap="md">
      <Group>
        <Select
          clearable
          size="xs"
          aria-label={t("log.filter")}
          placeholder={t("log.filter")}
          data={RESULTS.map((value) => ({ value, label: t(`result.${value}`) }))}
          value={result}
          onChange={setResult}
        />
      </Group>
      <PagedTable
        label={t("adbot.tabs.log")}
        query={query}
        rowKey={lineKey}
        columns={columns}
        empty={<Empty icon={<IconList size={22} />} title={t("log.empty")} text={t("log.emptyText")} />}
      />
    </Stack>
  );
}

const lineKey = (line: LogLine) => `${line.cycle} ${line.group} ${line.at} ${line.result} ${line.session}`;
