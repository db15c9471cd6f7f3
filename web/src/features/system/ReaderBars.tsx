import { Progress, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ReaderLine } from "../../api/schema";
import { whole } from "../../ui/size";
import { timeLeft } from "../../ui/time";
import { lagShare } from "./lag";
import classes from "./ReaderBars.module.css";

/** How far each reader of a service is behind, as small bars with their numbers. */
export function ReaderBars({ readers }: { readers: ReaderLine[] }) {
  const { t } = useTranslation();
  if (readers.length === 0) return <>{t("common.none")}</>;
  return (
    <Stack gap={4} className={classes.bars}>
      {readers.map((reader) => (
        <div key={reader.name} className={classes.bar}>
          <Text size="xs" truncate title={reader.name}>
            {reader.name}
          </Text>
          <Progress.Root size="sm">
            <Progress.Section
              value={lagShare(reader.waiting)}
              color={reader.active ? "indigo" : "red"}
              aria-label={t("health.behind", { reader: reader.name })}
            />
          </Progress.Root>
          <Text size="xs" c="var(--quiet)" className={classes.count}>
            {said(reader)}
          </Text>
        </div>
      ))}
    </Stack>
  );

  function said(reader: ReaderLine): string {
    if (!reader.active) return t("health.readerStopped", { waiting: whole(reader.waiting) });
    if (reader.waiting === 0) return t("health.upToDate");
    const age = reader.oldest_seconds === null ? "" : `, ${timeLeft(reader.oldest_seconds)}`;
    return `${t("health.waiting", { count: reader.waiting })}${age}`;
  }
}
