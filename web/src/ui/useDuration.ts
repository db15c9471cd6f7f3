import { useTranslation } from "react-i18next";
import { wholeUnits } from "./time";

/** Returns a function that says a duration in words, in the largest unit that is whole. */
export function useDuration(): (seconds: number) => string {
  const { t } = useTranslation();
  return (seconds) => {
    const { unit, count } = wholeUnits(seconds);
    return t(`duration.${unit}`, { count });
  };
}
