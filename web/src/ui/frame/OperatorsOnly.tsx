import { IconLock } from "@tabler/icons-react";
import { useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/account";
import { Empty } from "../Empty";

/** Shows operators' pages to admins, and a word to others, to whom the gateway answers nothing there. */
export function OperatorsOnly({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const account = useSession()?.account;
  const operators = useLocation().pathname.startsWith("/operator");
  if (!operators || account === undefined || account.role === "ADMIN") return children;
  return (
    <Empty
      whole
      icon={<IconLock size={22} />}
      title={t("operatorsOnly.title")}
      text={t("operatorsOnly.text", { role: t(`role.${account.role}`) })}
    />
  );
}
