import { Checkbox, NumberInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { extendAdbot, restoreAdbot, startAdbot, stopAdbot, suspendAdbot } from "../../api/operator-adbots";
import type { AdminAdbot } from "../../api/schema";
import { ActMenu } from "../../ui/acts/ActMenu";
import type { Act } from "../../ui/acts/act";
import { shortened } from "../../ui/shortened";

const MOST_DAYS = 3660;
const USUAL_DAYS = 7;

/** What an operator can do with an adbot in its state. */
export function AnyAdbotActs({ adbot }: { adbot: AdminAdbot }) {
  const { t } = useTranslation();
  const [days, setDays] = useState(USUAL_DAYS);
  const [release, setRelease] = useState(false);
  const name = `${adbot.plan.name} (${shortened(adbot.id)})`;
  const said = (act: "start" | "stop" | "extend" | "suspend" | "restore") => ({
    title: t(`adbotAct.${act}.title`),
    consequence: t(`adbotAct.${act}.consequence`, { name }),
  });
  const start: Act = { ...said("start"), run: () => startAdbot(adbot.id) };
  const stop: Act = { ...said("stop"), danger: true, run: () => stopAdbot(adbot.id) };
  const restore: Act = { ...said("restore"), run: () => restoreAdbot(adbot.id) };
  const extend: Act = {
    ...said("extend"),
    reason: true,
    fields: (
      <NumberInput
        required
        min={1}
        max={MOST_DAYS}
        allowDecimal={false}
        label={t("opAdbots.days")}
        value={days}
        onChange={(next) => setDays(Number(next))}
      />
    ),
    begin: () => setDays(USUAL_DAYS),
    run: (reason) => extendAdbot(adbot.id, days, reason),
  };
  const suspend: Act = {
    ...said("suspend"),
    danger: true,
    reason: true,
    fields: (
      <Checkbox
        label={t("opAdbots.release")}
        description={t("opAdbots.releaseHelp")}
        checked={release}
        onChange={(event) => setRelease(event.currentTarget.checked)}
      />
    ),
    begin: () => setRelease(false),
    run: (reason) => suspendAdbot(adbot.id, release, reason),
  };
  return <ActMenu acts={actsOf(adbot, { start, stop, restore, extend, suspend })} />;
}

type Named = Record<"start" | "stop" | "restore" | "extend" | "suspend", Act>;

function actsOf(adbot: AdminAdbot, acts: Named): Act[] {
  const { start, stop, restore, extend, suspend } = acts;
  switch (adbot.status) {
    case "RUNNING":
      return [extend, stop, suspend];
    case "STOPPED":
      return adbot.advertisement === null ? [extend, suspend] : [start, extend, suspend];
    case "EXPIRED":
      return [extend, suspend];
    case "SUSPENDED":
      return [restore, extend, suspend];
  }
}
