import { Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { GroupOption } from "../../api/schema";
import { StateBadge } from "../../ui/StateBadge";
import { useDuration } from "../../ui/useDuration";

type Props = {
  option: GroupOption | null;
  /** Shown where nothing differs. */
  otherwise?: string;
};

/** What differs for a group, in words. */
export function OptionBadges({ option, otherwise }: Props) {
  const { t } = useTranslation();
  const duration = useDuration();
  if (option === null) return <>{otherwise}</>;
  const every = option.every_seconds ?? null;
  return (
    <Group gap={4}>
      {option.paused === true && <StateBadge mood="waiting">{t("groupOption.paused")}</StateBadge>}
      {every !== null && (
        <StateBadge mood="quiet">{t("groupOption.atMost", { every: duration(every) })}</StateBadge>
      )}
    </Group>
  );
}
