import { Card, Select, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { prefer, usePreferences } from "../../preferences";
import { LANGUAGES, speak } from "../../texts/texts";
import { exactTime } from "../../ui/time";
import { LettersSwitch } from "../finding/LettersSwitch";

const BROWSERS = "browser";

/** What this device shows: language, time zone, colours and shortcuts. */
export function DevicePreferences() {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Card maw={560}>
      <Stack gap="md">
        <Text c="var(--quiet)">{t("preferences.about")}</Text>
        <Select
          allowDeselect={false}
          label={t("preferences.language")}
          data={LANGUAGES.map((value) => ({ value, label: nameOf(value) }))}
          value={language}
          onChange={(next) => {
            if (next === null) return;
            prefer({ language: next });
            void speak(next);
          }}
        />
        <TimeZone />
        <Select
          allowDeselect={false}
          label={t("preferences.colours")}
          data={[
            { value: "auto", label: t("nav.system") },
            { value: "light", label: t("nav.light") },
            { value: "dark", label: t("nav.dark") },
          ]}
          value={colorScheme}
          onChange={(next) => next !== null && setColorScheme(next as typeof colorScheme)}
        />
        <LettersSwitch />
      </Stack>
    </Card>
  );
}

function TimeZone() {
  const { t } = useTranslation();
  const { zone } = usePreferences();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Select
      searchable
      allowDeselect={false}
      limit={80}
      label={t("preferences.zone")}
      description={t("preferences.zoneHelp", { now: exactTime(new Date().toISOString()) })}
      nothingFoundMessage={t("preferences.noZone")}
      data={[
        { value: BROWSERS, label: t("preferences.zoneOfBrowser", { zone: own }) },
        ...Intl.supportedValuesOf("timeZone").map((value) => ({ value, label: value.replaceAll("_", " ") })),
      ]}
      value={zone ?? BROWSERS}
      onChange={(next) => prefer({ zone: next === BROWSERS ? null : next })}
    />
  );
}

/** Returns a language's name in itself. */
function nameOf(language: string): string {
  return new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
}
