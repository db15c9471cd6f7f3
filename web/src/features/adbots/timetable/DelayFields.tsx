import { Group, NumberInput, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PacingForm } from "./form";

const MOST_SECONDS = 3600;

/** How long each account waits between two groups; empty for the least that the service allows. */
export function DelayFields({ form }: { form: PacingForm }) {
  const { t } = useTranslation();
  const common = {
    min: 0,
    max: MOST_SECONDS,
    suffix: " s",
    allowNegative: false,
    placeholder: t("timetable.least"),
  };
  return (
    <Stack gap="sm">
      <div>
        <Title order={2}>{t("timetable.pace")}</Title>
        <Text size="sm" c="var(--quiet)">
          {t("timetable.paceHelp")}
        </Text>
      </div>
      <Group grow align="flex-start">
        <NumberInput
          label={t("timetable.delay")}
          description={t("timetable.delayHelp")}
          {...common}
          {...form.getInputProps("delay_seconds")}
        />
        <NumberInput
          label={t("timetable.jitter")}
          description={t("timetable.jitterHelp")}
          {...common}
          {...form.getInputProps("jitter_seconds")}
        />
      </Group>
    </Stack>
  );
}
