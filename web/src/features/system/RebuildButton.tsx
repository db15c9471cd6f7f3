import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RebuildPlanView } from "../../api/schema";
import { rebuild, type TableKey, useRebuildPlan } from "../../api/system";
import { ActDialog } from "../../ui/acts/ActDialog";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { whole } from "../../ui/size";

/** Asks whether to rebuild a table, and says before what that does. */
export function RebuildButton({ of, busy }: { of: TableKey; busy: boolean }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const plan = useRebuildPlan(of, asked);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        disabled={busy}
        loading={asked && plan.isPending}
        aria-label={t("tables.rebuildOf", of)}
        onClick={() => setAsked(true)}
      >
        {t("tables.rebuild")}
      </Button>
      {asked && plan.error !== null && <ProblemNotice error={plan.error} onRetry={() => plan.refetch()} />}
      {asked && plan.data !== undefined && (
        <ActDialog
          act={{
            title: t("tables.rebuildOf", of),
            consequence: consequence(plan.data),
            reason: true,
            run: (reason) => rebuild(of, reason),
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );

  function consequence(found: RebuildPlanView): string {
    const events = whole(found.events);
    const parts = [t("tables.plan.reads", { table: found.table, version: found.version, events })];
    if (found.begun_at !== null) parts.push(t("tables.plan.resumes", { folded: whole(found.folded) }));
    if (found.running !== null) parts.push(t("tables.plan.swaps", { running: found.running }));
    if (found.replaces_archive_of !== null) parts.push(t("tables.plan.replaces"));
    return parts.join(" ");
  }
}
