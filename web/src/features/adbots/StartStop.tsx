import { Button, Stack } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useStart, useStop } from "../../api/adbots";
import type { AdbotState } from "../../api/schema";
import { ProblemNotice } from "../../ui/ProblemNotice";

/** The one thing to do with an adbot: start it, or stop it. */
export function StartStop({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const start = useStart(adbot.id);
  const stop = useStop(adbot.id);
  const error = start.error ?? stop.error;
  return (
    <Stack gap="xs" align="flex-end">
      {adbot.status === "RUNNING" ? (
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={16} />}
          loading={stop.isPending}
          onClick={() => {
            start.reset();
            stop.mutate();
          }}
        >
          {t("adbot.stop")}
        </Button>
      ) : (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          loading={start.isPending}
          disabled={adbot.advertisement === null || adbot.status !== "STOPPED"}
          onClick={() => {
            stop.reset();
            start.mutate();
          }}
        >
          {t("adbot.start")}
        </Button>
      )}
      {error !== null && <ProblemNotice error={error} />}
    </Stack>
  );
}
