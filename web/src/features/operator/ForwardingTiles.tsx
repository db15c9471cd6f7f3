import { SimpleGrid } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Forwarding } from "../../api/schema";
import { timeLeft } from "../../ui/time";
import { LinkedTile } from "./LinkedTile";

/** How forwarding does; each figure leads to what it counts. */
export function ForwardingTiles({ forwarding }: { forwarding: Forwarding }) {
  const { t } = useTranslation();
  const { seconds_to_empty: seconds } = forwarding;
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, md: 6 }}>
      <LinkedTile
        name={t("operator.runningCycles")}
        value={forwarding.running_cycles}
        to={{ to: "/operator/adbots", search: { status: "RUNNING" } }}
      />
      <LinkedTile
        name={t("operator.pendingSends")}
        value={forwarding.pending_sends}
        to={{ to: "/operator/adbots", search: { status: "RUNNING" } }}
      />
      <LinkedTile
        name={t("operator.toEmpty")}
        value={seconds === null ? t("operator.noWorker") : timeLeft(seconds)}
        to={{ to: "/operator/adbots", search: { status: "RUNNING" } }}
      />
      <LinkedTile
        name={t("operator.resting")}
        value={forwarding.sessions_resting}
        to={{ to: "/operator/stock", search: { state: "ASSIGNED" } }}
      />
      <LinkedTile
        name={t("operator.withoutWorker")}
        value={forwarding.sessions_without_worker}
        to={{ to: "/operator/stock", search: { state: "ASSIGNED" } }}
      />
      <LinkedTile
        name={t("operator.workers")}
        value={forwarding.workers.length}
        to={{ to: "/operator", hash: "workers" }}
      />
    </SimpleGrid>
  );
}
