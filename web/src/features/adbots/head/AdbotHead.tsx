import { Card, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useAdbotScope } from "../../../api/adbot-scope";
import type { AdbotState } from "../../../api/schema";
import { Fact, Facts } from "../../../ui/Facts";
import { clockTime } from "../../../ui/time";
import { useNow } from "../../../ui/useNow";
import { RenewButton } from "../renewal/RenewButton";
import { AdbotNotices } from "./AdbotNotices";
import { NextCycle } from "./NextCycle";
import { daysLeft, endsSoon } from "./notices";
import { Rests } from "./Rests";

const SLOW_MS = 30_000;

/** The adbot at a glance: what it does, what it sends with, how long it runs, and what is wrong. */
export function AdbotHead({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      <AdbotNotices adbot={adbot} />
      <Card>
        <Facts columns>
          <Fact name={adbot.cycles.running === null ? t("adbot.nextCycle") : t("adbot.now")}>
            <NextCycle adbot={adbot} />
            <Rests adbot={adbot} />
          </Fact>
          <Fact name={t("adbots.seats")}>
            <Text size="xl" fw={600} className="figure">
              {t("adbot.seats", { filled: adbot.seats.filled, all: adbot.plan.sessions })}
            </Text>
            <Text size="sm" c="var(--quiet)">
              {adbot.seats.awaited > 0 ? t("adbot.awaited", { count: adbot.seats.awaited }) : t("adbot.ours")}
            </Text>
          </Fact>
          <Fact name={t("adbot.validity")}>
            <Validity adbot={adbot} />
          </Fact>
        </Facts>
      </Card>
    </Stack>
  );
}

function Validity({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const now = useNow(SLOW_MS);
  const scope = useAdbotScope();
  const days = daysLeft(adbot, now);
  return (
    <>
      <Text size="xl" fw={600} className="figure">
        {days === null && t("adbot.notBegun")}
        {days !== null && (days > 0 ? t("adbot.daysLeft", { count: days }) : t("adbot.over"))}
      </Text>
      <Text size="sm" c="var(--quiet)" component="div" mb={8}>
        {adbot.valid_until === null
          ? t("adbot.noEnd")
          : t("adbot.until", { at: clockTime(adbot.valid_until, now) })}
      </Text>
      {scope === "own" && !endsSoon(adbot, now) && <RenewButton adbot={adbot} />}
    </>
  );
}
