import { Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CopyText } from "../../ui/CopyText";
import type { Origin } from "./group-options";
import { OptionBadges } from "./OptionBadges";

/** A group with what differs for it, and the lists that bring it. */
export function GroupName({ group, origin }: { group: string; origin: Origin }) {
  const { t } = useTranslation();
  return (
    <Stack gap={2} align="flex-start">
      <Group gap="xs">
        <CopyText value={group} />
        <OptionBadges option={origin.option} />
      </Group>
      {origin.lists.length > 0 && (
        <Text size="xs" c="var(--quiet)">
          {t("groups.fromList", { name: origin.lists.map((list) => list.name).join(", ") })}
        </Text>
      )}
    </Stack>
  );
}
