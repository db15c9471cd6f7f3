import { Button, Stack } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useStart, useStop } from "../../../api/adbots";
import type { AdbotState } from "../../../api/schema";
import { ProblemNotice } from "../../../ui/ProblemNotice";

/** The one thing to do with an adbot: start it, or stop it. */
export function StartStop({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const start = useStart(adbot.id);
  const stop = useStop(adbot.id);
  // what was refused before is over once the adbot is in the other state
  const { error } = adbot.status === "RUNNING" ? stop : start;
  return (
    <Stack gap="xs" align="flex-end">
      {adbot.status === "RUNNING" ? (
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={16} />}
          loading={stop.isPending}
          onClick={() => stop.mutate()}
        >
          {t("adbot.stop")}
        </Button>
      ) : (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          loading={start.isPending}
          disabled={adbot.advertisement === null || adbot.status !== "STOPPED"}
          onClick={() => start.mutate()}
        >
          {t("adbot.start")}
        </Button>
      )}
      {error !== null && <ProblemNotice error={error} />}
    </Stack>
  );
}
