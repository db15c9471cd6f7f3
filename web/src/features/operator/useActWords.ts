import { useTranslation } from "react-i18next";
import type en from "../../texts/en.json";

type Operation = keyof typeof en.operation;

/** Returns all operations that have words, and a function that says one; an unknown one by its name. */
export function useActWords(): { operations: Operation[]; say: (operation: string) => string } {
  const { t } = useTranslation();
  const words = t("operation", { returnObjects: true });
  return {
    operations: Object.keys(words) as Operation[],
    say: (operation) => words[operation as Operation] ?? operation,
  };
}
