import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";
import { useProblemText } from "./useProblemText";

/** Returns a function that shows a short message in the corner. */
export function useSaying() {
  const { t } = useTranslation();
  return (message: string, good = true) =>
    void notifications.show({
      message,
      color: good ? "teal" : "red",
      closeButtonProps: { "aria-label": t("common.close") },
    });
}

/** Returns a function that says in the corner what went wrong, with its code. */
export function useSayingProblem() {
  const { t } = useTranslation();
  const say = useSaying();
  const text = useProblemText();
  return (error: unknown) => {
    const code = error instanceof ApiError && error.status > 0 ? t("problem.code", { code: error.code }) : "";
    say(`${text(error)} ${code}`.trim(), false);
  };
}
