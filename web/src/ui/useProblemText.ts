import { useTranslation } from "react-i18next";
import { ApiError, isUnreachable } from "../api/problem";

/** Returns a function that says what went wrong and what to do, without the code. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof ApiError)) return t("problem.unexpected");
    return isUnreachable(error) ? t("problem.unreachable") : error.message;
  };
}
