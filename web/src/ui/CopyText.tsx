import { ActionIcon, Group, Text, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./CopyText.module.css";

type Props = { value: string; shown?: string; size?: "sm" | "md" | "lg" };

const SAID_MS = 1500;

/** A value in mono with a button that copies it and says so. */
export function CopyText({ value, shown, size = "sm" }: Props) {
  const { t } = useTranslation();
  const { copied, copy, error, reset } = useClipboard({ timeout: SAID_MS });
  const label = error ? t("common.notCopied") : copied ? t("common.copied") : t("common.copy");
  return (
    <Group gap={4} wrap="nowrap" maw="100%">
      <Text ff="monospace" size={size} truncate={shown !== undefined} className={classes.value} title={value}>
        {shown ?? value}
      </Text>
      <Tooltip label={label} {...(error ? { opened: true, multiline: true, maw: 260 } : {})}>
        <ActionIcon
          size="sm"
          onClick={() => copy(value)}
          onBlur={() => error !== null && reset()}
          aria-label={`${t("common.copy")}: ${value}`}
        >
          {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
