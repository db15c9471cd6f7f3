import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type LogFilter, readLog } from "../../../api/adbot-log";
import { type AdbotScope, useAdbotScope } from "../../../api/adbot-scope";
import type { LogLine } from "../../../api/schema";
import { csvFile } from "../../../csv";
import { saveFile } from "../../../ui/saveFile";
import { useSaying, useSayingProblem } from "../../../ui/useSaying";
import { csvOfLog } from "./csv";

const PAGE = 1000;
const MOST = 20_000;

type Props = { adbot: string; filter: LogFilter };

/** Saves the lines that the filters let through as a file, also those that are not loaded. */
export function LogExport({ adbot, filter }: Props) {
  const { t } = useTranslation();
  const scope = useAdbotScope();
  const [read, setRead] = useState<number | null>(null);
  const say = useSaying();
  const sayProblem = useSayingProblem();
  const run = async () => {
    setRead(0);
    try {
      const { lines, more } = await readAll(adbot, scope, filter, setRead);
      saveFile(csvFile(csvOfLog(lines)), `adbot-${adbot}-log.csv`);
      say(t(more ? "log.exportedPart" : "log.exported", { count: lines.length }));
    } catch (error) {
      sayProblem(error);
    } finally {
      setRead(null);
    }
  };
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconDownload size={14} />}
      disabled={read !== null}
      onClick={() => void run()}
    >
      {read === null ? t("log.export") : t("log.exporting", { count: read })}
    </Button>
  );
}

async function readAll(
  adbot: string,
  scope: AdbotScope,
  filter: LogFilter,
  onRead: (count: number) => void,
): Promise<{ lines: LogLine[]; more: boolean }> {
  const lines: LogLine[] = [];
  let cursor: string | null = null;
  do {
    const page = await readLog(adbot, scope, { ...filter, limit: PAGE, ...(cursor ? { cursor } : {}) });
    lines.push(...page.items);
    cursor = page.next;
    onRead(lines.length);
  } while (cursor !== null && lines.length < MOST);
  return { lines, more: cursor !== null };
}
