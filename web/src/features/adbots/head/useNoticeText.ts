import { useTranslation } from "react-i18next";
import type { AdbotState } from "../../../api/schema";
import type { AdbotNotice } from "./notices";

/** Returns a function that says a notice about an adbot. */
export function useNoticeText(): (adbot: AdbotState, notice: AdbotNotice) => string {
  const { t } = useTranslation();
  return (adbot, { kind, count }) => {
    if (kind === "overrun") return adbot.warning ?? "";
    if (kind === "stopped" && adbot.stop_reason !== null) {
      const detail = adbot.stop_detail ? ` (${adbot.stop_detail})` : "";
      return `${t(`stopReason.${adbot.stop_reason}`)}${detail}`;
    }
    if (kind === "seatless" && adbot.valid_from === null) return t("adbotNotice.notBegun");
    if (kind === "skipped") return t(`skipReason.${adbot.cycles.skip_reason ?? "overrun"}`);
    return t(`adbotNotice.${kind === "stopped" ? "suspended" : kind}`, { count });
  };
}
