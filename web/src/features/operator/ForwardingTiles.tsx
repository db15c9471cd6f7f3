import { useTranslation } from "react-i18next";
import type { Forwarding } from "../../api/schema";
import { Tile } from "../../ui/Tile";

export function ForwardingTiles({ forwarding }: { forwarding: Forwarding }) {
  const { t } = useTranslation();
  return (
    <>
      <Tile name={t("operator.pendingSends")} value={forwarding.pending_sends} />
      <Tile name={t("operator.runningCycles")} value={forwarding.running_cycles} />
      <Tile name={t("operator.resting")} value={forwarding.sessions_resting} />
      <Tile name={t("operator.workers")} value={forwarding.workers.length} />
    </>
  );
}
