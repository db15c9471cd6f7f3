import { ActionIcon, Button, Chip, Group, Stack, TagsInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { WEEKDAYS } from "./due";
import type { PacingForm } from "./form";
import { newRow, timesIn, type Weekday } from "./pacing-form";

const MOST_TIMES = 48;

/** The weekly times of cycles: days, and what time of day on these. */
export function TimesFields({ form }: { form: PacingForm }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      {form.values.rows.map((row, index) => (
        <TimesRowFields key={row.key} form={form} index={index} />
      ))}
      <Group>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} />}
          onClick={() => form.insertListItem("rows", newRow([]))}
        >
          {t("timetable.addTimes")}
        </Button>
      </Group>
    </Stack>
  );
}

function TimesRowFields({ form, index }: { form: PacingForm; index: number }) {
  const { t } = useTranslation();
  const [unknown, setUnknown] = useState<string[]>([]);
  const row = form.values.rows[index];
  if (row === undefined) return null;
  const set = (written: string[]) => {
    const { times, unknown } = timesIn(written);
    setUnknown(unknown);
    form.setFieldValue(`rows.${index}.times`, times);
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Chip.Group
          multiple
          value={row.days}
          onChange={(days) => form.setFieldValue(`rows.${index}.days`, days as Weekday[])}
        >
          <Group gap={6} role="group" aria-label={t("timetable.days")}>
            {WEEKDAYS.map((day) => (
              <Chip key={day} size="xs" value={day}>
                {t(`weekday.${day}`)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        {form.values.rows.length > 1 && (
          <ActionIcon
            aria-label={t("timetable.removeTimes")}
            onClick={() => form.removeListItem("rows", index)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Group>
      <TagsInput
        label={t("timetable.times")}
        description={t("timetable.timesHelp")}
        placeholder={row.times.length === 0 ? "09:00" : ""}
        maxTags={MOST_TIMES}
        splitChars={[",", " ", ";"]}
        acceptValueOnBlur
        value={row.times}
        onChange={set}
        error={unknown.length > 0 && t("timetable.noTime", { written: unknown.join(", ") })}
      />
    </Stack>
  );
}
