import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ResultClass } from "../../api/schema";
import classes from "./WhyText.module.css";
import { reasonOf } from "./why";

type Props = { refusal: { result: ResultClass; error: string; session: string | null } };

/** Why a post did not arrive, what the client can do, and Telegram's name of the error; nothing where it did. */
export function WhyText({ refusal }: Props) {
  const { t } = useTranslation();
  const reason = reasonOf(refusal);
  if (reason === null) return null;
  return (
    <div className={classes.why}>
      <Text size="sm">{t(`why.${reason}`)}</Text>
      <Text size="xs" c="var(--quiet)">
        {t(`whatToDo.${reason}`)}
        {refusal.error !== "" && ` (${refusal.error})`}
      </Text>
    </div>
  );
}
