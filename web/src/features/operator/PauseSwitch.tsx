import { Button } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { setPause, useOperations } from "../../api/operations";
import { ActButton } from "../../ui/acts/ActButton";

/** Pauses all adbots, or ends the pause; asks again if it is not known whether there is one. */
export function PauseSwitch() {
  const { t } = useTranslation();
  const { data: operations, isError, isFetching, refetch } = useOperations();
  if (operations === undefined) {
    if (!isError) return null;
    return (
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} />}
        loading={isFetching}
        onClick={() => void refetch()}
      >
        {t("pause.unknown")}
      </Button>
    );
  }
  const act = operations.pause === null ? "pause" : "resume";
  return (
    <ActButton
      leftSection={act === "pause" ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
      variant={act === "pause" ? "default" : "filled"}
      act={{
        title: t(`pause.${act}.title`),
        consequence: t(`pause.${act}.consequence`),
        danger: act === "pause",
        reason: true,
        run: (reason) => setPause(act, reason),
      }}
    />
  );
}
