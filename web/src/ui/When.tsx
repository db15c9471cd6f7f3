import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { usePreferences } from "../preferences";
import { exactTime, relativeTime } from "./time";
import { useNow } from "./useNow";

/** A time as people say it; the exact one, with its zone, on hover. */
export function When({ at }: { at: string | null }) {
  const { t } = useTranslation();
  const now = useNow(10_000);
  usePreferences(); // another time zone is shown at once
  if (at === null) return <>{t("common.never")}</>;
  return (
    <Tooltip label={exactTime(at)}>
      <time dateTime={at}>{relativeTime(at, now)}</time>
    </Tooltip>
  );
}
