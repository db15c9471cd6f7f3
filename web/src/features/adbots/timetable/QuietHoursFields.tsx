import { Group, Stack, Switch, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PacingForm } from "./form";

/** The part of each day in which no cycle begins. */
export function QuietHoursFields({ form }: { form: PacingForm }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <Switch
        label={t("timetable.quiet")}
        description={t("timetable.quietHelp")}
        {...form.getInputProps("quiet", { type: "checkbox" })}
      />
      {form.values.quiet && (
        <Group grow>
          <TextInput
            required
            type="time"
            label={t("timetable.quietBegin")}
            {...form.getInputProps("begin")}
          />
          <TextInput required type="time" label={t("timetable.quietEnd")} {...form.getInputProps("end")} />
        </Group>
      )}
    </Stack>
  );
}
