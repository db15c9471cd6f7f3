import { Button, Card, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AdbotState } from "../../../api/schema";
import { useAdbotSearch } from "../../../routing/adbot-search";
import { shownTab } from "../AdbotTabs";

/** The three steps of a new client, each ticked as it is done; nothing after the first cycle. */
export function FirstSteps({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const [{ tab }, change] = useAdbotSearch();
  if (adbot.cycles.last_number !== null || adbot.status === "EXPIRED") return null;
  const shown = shownTab(adbot, tab);
  const set = adbot.advertisement;
  const hasGroups = set !== null && set.groups.length + set.lists.length > 0;
  const steps = [
    { text: t("adbot.steps.post"), done: set !== null },
    { text: t("adbot.steps.groups"), done: hasGroups },
    { text: t("adbot.steps.start"), done: adbot.status === "RUNNING" },
  ];
  return (
    <Card>
      <Group justify="space-between">
        <Stack gap="xs">
          <Text fw={600}>{t("adbot.steps.title")}</Text>
          {steps.map((step, index) => (
            <Group key={step.text} gap="sm">
              <ThemeIcon size={22} radius="xl" color={step.done ? "teal" : "gray"} variant="light">
                {step.done ? <IconCheck size={14} /> : <Text size="xs">{index + 1}</Text>}
              </ThemeIcon>
              <Text c={step.done ? "var(--quiet)" : "inherit"}>{step.text}</Text>
            </Group>
          ))}
        </Stack>
        {set === null && shown !== "post" && (
          <Button onClick={() => change({ tab: "post" })}>{t("adbot.steps.post")}</Button>
        )}
        {set !== null && !hasGroups && shown !== "groups" && (
          <Button onClick={() => change({ tab: "groups" })}>{t("adbot.steps.groups")}</Button>
        )}
      </Group>
    </Card>
  );
}
