import { Group, List, Stack, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { IconUpload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { StateBadge } from "../../ui/StateBadge";
import { type Upload, useUploads } from "./useUploads";

const MOST_BYTES = 262_144;

/** Takes session files by dropping them, and shows a line for each. */
export function UploadSessions() {
  const { t } = useTranslation();
  const { uploads, add, refuse } = useUploads();
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
        <List listStyleType="none" spacing={6} size="sm" aria-label={t("stock.uploads")}>
          {uploads.map((upload) => (
            <List.Item key={upload.id}>
              <Group gap="sm">
                <UploadState upload={upload} />
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
      )}
    </Stack>
  );
}

const MOODS = { waiting: "quiet", sending: "working", stocked: "good", refused: "bad" } as const;

function UploadState({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  return <StateBadge mood={MOODS[upload.state]}>{t(`upload.${upload.state}`)}</StateBadge>;
}
