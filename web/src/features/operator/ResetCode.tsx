import { useTranslation } from "react-i18next";
import { resetCode } from "../../api/operator-accounts";
import { ActButton } from "../../ui/acts/ActButton";

/** Issues another access code for a mailbox's owner; it is shown in this dialog and nowhere else. */
export function ResetCode({ email }: { email: string }) {
  const { t } = useTranslation();
  return (
    <ActButton
      act={{
        title: t("accountAct.code.title"),
        consequence: t("accountAct.code.consequence", { name: email }),
        danger: true,
        secret: { name: t("opAccount.code"), help: t("opAccount.codeOnce") },
        run: () => resetCode(email),
      }}
    />
  );
}
