import { Button, Group, List, Progress, ScrollArea, Stack, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.layer.css";
import { IconUpload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { StateBadge } from "../../ui/StateBadge";
import type { Upload, UploadState } from "./uploading";
import { useUploads } from "./useUploads";

const MOST_BYTES = 262_144;

/** Takes session files by dropping them, and shows a line for each. */
export function UploadSessions() {
  const { t } = useTranslation();
  const { uploads, add, refuse, again, clear } = useUploads();
  return (
    <Stack gap="sm">
      <Dropzone onDrop={add} onReject={refuse} maxSize={MOST_BYTES} aria-label={t("stock.drop")}>
        <Group justify="center" gap="sm" py="md">
          <IconUpload size={20} />
          <div>
            <Text fw={500}>{t("stock.drop")}</Text>
            <Text size="sm" c="var(--quiet)">
              {t("stock.dropHelp")}
            </Text>
          </div>
        </Group>
      </Dropzone>
      {uploads.length > 0 && (
        <>
          <UploadSummary uploads={uploads} onAgain={again} onClear={clear} />
          <ScrollArea.Autosize mah={360} type="auto" viewportProps={{ tabIndex: 0 }}>
            <List listStyleType="none" spacing={6} size="sm" aria-label={t("stock.uploads")}>
              {uploads.map((upload) => (
                <List.Item key={upload.id}>
                  <Group gap="sm">
                    <UploadBadge state={upload.state} />
                    <Text size="sm">{upload.name}</Text>
                    {upload.problem !== undefined && (
                      <Text size="sm" c="var(--quiet)">
                        {upload.problem}
                      </Text>
                    )}
                  </Group>
                </List.Item>
              ))}
            </List>
          </ScrollArea.Autosize>
        </>
      )}
    </Stack>
  );
}

type SummaryProps = { uploads: Upload[]; onAgain: () => void; onClear: () => void };

function UploadSummary({ uploads, onAgain, onClear }: SummaryProps) {
  const { t } = useTranslation();
  const count = (...states: UploadState[]) => uploads.filter(({ state }) => states.includes(state)).length;
  const done = uploads.length - count("waiting", "sending");
  const failed = count("failed");
  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Text size="sm" role="status">
          {t("stock.summary", {
            done,
            all: uploads.length,
            stocked: count("stocked"),
            refused: count("refused"),
            failed,
          })}
        </Text>
        <Group gap="xs">
          {failed > 0 && (
            <Button size="compact-sm" variant="default" onClick={onAgain}>
              {t("stock.again", { count: failed })}
            </Button>
          )}
          <Button size="compact-sm" variant="subtle" color="gray" onClick={onClear}>
            {t("stock.clear")}
          </Button>
        </Group>
      </Group>
      <Progress
        value={(done / uploads.length) * 100}
        size="sm"
        aria-label={t("stock.uploads")}
        transitionDuration={120}
      />
    </Stack>
  );
}

const MOODS = {
  waiting: "quiet",
  sending: "working",
  stocked: "good",
  refused: "bad",
  failed: "waiting",
} as const;

function UploadBadge({ state }: { state: UploadState }) {
  const { t } = useTranslation();
  return <StateBadge mood={MOODS[state]}>{t(`upload.${state}`)}</StateBadge>;
}
