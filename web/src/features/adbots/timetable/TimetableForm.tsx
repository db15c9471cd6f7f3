import { SegmentedControl, Select, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSetPacing } from "../../../api/adbots";
import type { AdbotState } from "../../../api/schema";
import { FormButtons } from "../../../ui/FormButtons";
import { ProblemNotice } from "../../../ui/ProblemNotice";
import { shownZone } from "../../../ui/time";
import { UnsavedWarning } from "../../../ui/UnsavedWarning";
import { useDuration } from "../../../ui/useDuration";
import { useSaying } from "../../../ui/useSaying";
import { useStoredForm } from "../useStoredForm";
import { DelayFields } from "./DelayFields";
import { NextTimes } from "./NextTimes";
import { PeriodFields } from "./PeriodFields";
import { lacksTimes, type PacingValues, pacingOf, valuesOf } from "./pacing-form";
import { QuietHoursFields } from "./QuietHoursFields";
import { TimesFields } from "./TimesFields";

const ZONES = Intl.supportedValuesOf("timeZone");

/** Sets when an adbot's cycles begin and how fast its accounts send; shows the next cycles of what is set. */
export function TimetableForm({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const say = useSaying();
  const duration = useDuration();
  const save = useSetPacing(adbot.id);
  const form = useStoredForm<PacingValues>(adbot.pacing, () => valuesOf(adbot.pacing, shownZone()));
  const timeless = lacksTimes(form.values);
  const submit = form.onSubmit((values) =>
    save.mutate(pacingOf(values), {
      onSuccess: () => {
        form.resetDirty(values); // what was written since is not saved yet
        say(t("timetable.saved"));
      },
    }),
  );
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      <form onSubmit={submit}>
        <Stack gap="lg">
          <Stack gap="md">
            <div>
              <Title order={2}>{t("timetable.when")}</Title>
              <Text size="sm" c="var(--quiet)">
                {t("timetable.limit", { interval: duration(adbot.plan.interval_seconds) })}
              </Text>
            </div>
            <SegmentedControl
              fullWidth
              aria-label={t("timetable.when")}
              data={[
                { value: "interval", label: t("timetable.atInterval") },
                { value: "times", label: t("timetable.atTimes") },
              ]}
              {...form.getInputProps("mode")}
            />
            {form.values.mode === "times" && <TimesFields form={form} />}
            <Select
              searchable
              allowDeselect={false}
              label={t("timetable.zone")}
              description={t("timetable.zoneHelp")}
              data={[...new Set(["UTC", form.values.time_zone, ...ZONES])]}
              {...form.getInputProps("time_zone")}
            />
          </Stack>
          <QuietHoursFields form={form} />
          <PeriodFields form={form} />
          <DelayFields form={form} />
          {save.error !== null && <ProblemNotice error={save.error} />}
          <UnsavedWarning unsaved={form.isDirty()} />
          <FormButtons
            act={t("timetable.save")}
            pending={save.isPending}
            disabled={!form.isDirty() || timeless}
          />
        </Stack>
      </form>
      <NextTimes
        adbot={adbot}
        pacing={timeless ? null : pacingOf(form.values)}
        zone={form.values.time_zone}
      />
    </SimpleGrid>
  );
}
