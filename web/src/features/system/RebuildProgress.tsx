import { Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { RebuildLine } from "../../api/schema";

/** How far a rebuild that goes on has come. */
export function RebuildProgress({ rebuild }: { rebuild: RebuildLine }) {
  const { t } = useTranslation();
  return (
    <Progress
      miw={80}
      value={rebuild.events === 0 ? 100 : (100 * rebuild.passed) / rebuild.events}
      animated
      aria-label={t("tables.progressOf", { table: rebuild.table })}
    />
  );
}
