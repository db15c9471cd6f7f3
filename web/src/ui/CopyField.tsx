import { Button, Group, Text } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./CopyField.module.css";

type Props = {
  /** What it is, above the value. */
  name: string;
  value: string;
  /** Shown instead of the value, such as an amount with its coin. */
  shown?: string;
};

const SAID_MS = 2000;

/** A value that is to be taken somewhere else, exactly: whole, in mono, with a button that says when it is copied. */
export function CopyField({ name, value, shown }: Props) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: SAID_MS });
  return (
    <div>
      <Text size="xs" c="var(--quiet)" mb={4}>
        {name}
      </Text>
      <Group gap="xs" wrap="nowrap" className={classes.field}>
        <Text ff="monospace" flex={1} className={classes.value}>
          {shown ?? value}
        </Text>
        <Button
          size="compact-sm"
          variant="default"
          className={classes.button}
          leftSection={clipboard.copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          aria-label={clipboard.copied ? t("common.copied") : t("common.copyOf", { name })}
          onClick={() => clipboard.copy(value)}
        >
          {clipboard.copied ? t("common.copied") : t("common.copy")}
        </Button>
      </Group>
      <Text size="xs" aria-live="polite" className={clipboard.error ? undefined : classes.hidden}>
        {clipboard.error ? t("common.notCopied") : clipboard.copied ? t("common.copied") : ""}
      </Text>
    </div>
  );
}
