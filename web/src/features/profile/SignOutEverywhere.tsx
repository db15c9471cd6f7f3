import { useTranslation } from "react-i18next";
import { signOutEverywhere } from "../../api/profile";
import { ActDialog } from "../../ui/acts/ActDialog";
import { useLeaveAfter } from "../../ui/frame/useLeave";

export function SignOutEverywhere({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const leaveAfter = useLeaveAfter();
  return (
    <ActDialog
      act={{
        title: t("nav.signOutEverywhere"),
        consequence: t("devices.everywhereConsequence"),
        danger: true,
        run: () => leaveAfter(signOutEverywhere),
      }}
      onClose={onClose}
    />
  );
}
