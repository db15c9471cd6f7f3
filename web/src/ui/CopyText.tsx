import { ActionIcon, CopyButton, Group, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

type Props = { value: string; shown?: string; size?: "sm" | "md" | "lg" };

/** A value in mono with a button that copies it and says so. */
export function CopyText({ value, shown, size = "sm" }: Props) {
  const { t } = useTranslation();
  return (
    <Group gap={4} wrap="nowrap" maw="100%">
      <Text ff="monospace" size={size} truncate={shown !== undefined} style={{ overflowWrap: "anywhere" }}>
        {shown ?? value}
      </Text>
      <CopyButton value={value} timeout={1500}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t("common.copied") : t("common.copy")}>
            <ActionIcon size="sm" onClick={copy} aria-label={`${t("common.copy")}: ${shown ?? value}`}>
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}
