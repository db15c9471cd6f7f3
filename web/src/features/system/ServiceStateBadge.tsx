import { Badge } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconPlugConnectedX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ServiceLine } from "../../api/schema";

const SIGNS = {
  WELL: { colour: "teal", icon: <IconCheck size={12} /> },
  TROUBLED: { colour: "yellow", icon: <IconAlertTriangle size={12} /> },
  SILENT: { colour: "red", icon: <IconPlugConnectedX size={12} /> },
} as const;

/** A service's state: a sign and a word; the colour only repeats them. */
export function ServiceStateBadge({ state }: { state: ServiceLine["state"] }) {
  const { t } = useTranslation();
  return (
    <Badge color={SIGNS[state].colour} leftSection={SIGNS[state].icon}>
      {t(`serviceState.${state}`)}
    </Badge>
  );
}
