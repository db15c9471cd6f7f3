import { Switch } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { prefer, usePreferences } from "../../preferences";

/** Whether single letters are shortcuts on this device. */
export function LettersSwitch() {
  const { t } = useTranslation();
  const { letters } = usePreferences();
  return (
    <Switch
      label={t("shortcuts.letters")}
      description={t("shortcuts.lettersHelp")}
      checked={letters}
      onChange={(event) => prefer({ letters: event.currentTarget.checked })}
    />
  );
}
