import { Alert, Group, Text } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";
import { useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/account";
import { useOperations } from "../../api/operations";
import { When } from "../../ui/When";
import { PauseSwitch } from "./PauseSwitch";

/** Says on the operator's pages that all adbots are paused, why, and how to end it. */
export function PausedBanner() {
  const { t } = useTranslation();
  const admin = useSession()?.account.role === "ADMIN";
  const here = useLocation().pathname.startsWith("/operator");
  const operating = admin && here;
  const pause = useOperations(operating).data?.pause ?? null;
  if (!operating || pause === null) return null;
  return (
    <Alert color="yellow" icon={<IconPlayerPause size={18} />} title={t("pause.banner")} mb="md">
      <Group justify="space-between">
        <Text size="sm">
          {pause.reason} · <When at={pause.since} />
        </Text>
        <PauseSwitch />
      </Group>
    </Alert>
  );
}
