import { Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AdbotState } from "../../../api/schema";
import { useNow } from "../../../ui/useNow";
import { noticesOf } from "../head/notices";
import { useNoticeText } from "../head/useNoticeText";

const SLOW_MS = 30_000;

/** The worst of what a client should know about an adbot, and how much more there is. */
export function AttentionCell({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const text = useNoticeText();
  const [worst, ...others] = noticesOf(adbot, useNow(SLOW_MS));
  if (worst === undefined) {
    const unset = adbot.advertisement === null;
    return unset ? <Text size="sm">{t("adbots.unset")}</Text> : t("common.none");
  }
  const Icon = worst.mood === "bad" ? IconAlertTriangle : IconInfoCircle;
  return (
    <Group gap={6} wrap="nowrap" align="flex-start" maw={320}>
      <Text c={worst.mood === "bad" ? "red" : "yellow"} component="span" aria-hidden>
        <Icon size={16} />
      </Text>
      <Text size="sm">
        {text(adbot, worst)}
        {others.length > 0 && ` ${t("adbots.more", { count: others.length })}`}
      </Text>
    </Group>
  );
}
