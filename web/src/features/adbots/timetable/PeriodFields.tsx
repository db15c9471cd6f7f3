import { Group, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PacingForm } from "./form";

/** Between which times cycles begin at all; both may be left out. */
export function PeriodFields({ form }: { form: PacingForm }) {
  const { t } = useTranslation();
  return (
    <Group grow align="flex-start">
      <TextInput
        type="datetime-local"
        label={t("timetable.startsAt")}
        description={t("timetable.startsAtHelp")}
        {...form.getInputProps("starts_at")}
      />
      <TextInput
        type="datetime-local"
        label={t("timetable.endsAt")}
        description={t("timetable.endsAtHelp")}
        {...form.getInputProps("ends_at")}
      />
    </Group>
  );
}
