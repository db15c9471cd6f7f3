import { Card, List, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AdbotPacing, AdbotState } from "../../../api/schema";
import { relativeTime } from "../../../ui/time";
import { useNow } from "../../../ui/useNow";
import { nextTimes } from "./due";

const SLOW_MS = 10_000;

type Props = {
  adbot: AdbotState /** Null: there is no time yet. */;
  pacing: AdbotPacing | null;
  zone: string;
};

/** The next cycles by what is written in the form, also before it is saved. */
export function NextTimes({ adbot, pacing, zone }: Props) {
  const { t } = useTranslation();
  const now = useNow(SLOW_MS);
  const times = pacing === null ? [] : nextTimes(adbot, pacing, now);
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  return (
    <div>
      <Card>
        <Title order={2}>{t("timetable.next")}</Title>
        <Text size="sm" c="var(--quiet)" mb="sm">
          {adbot.status === "RUNNING"
            ? t("timetable.nextHelp", { zone })
            : t("timetable.nextIfStarted", { zone })}
        </Text>
        {times.length === 0 ? (
          <Text size="sm">{t("timetable.noTimes")}</Text>
        ) : (
          <List listStyleType="none" spacing={4} className="figure">
            {times.map((at) => (
              <List.Item key={at}>
                {format.format(at)}{" "}
                <Text span size="sm" c="var(--quiet)">
                  {relativeTime(new Date(at).toISOString(), now)}
                </Text>
              </List.Item>
            ))}
          </List>
        )}
      </Card>
    </div>
  );
}
