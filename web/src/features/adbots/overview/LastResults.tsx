import { Skeleton, Text } from "@mantine/core";
import { useInViewport } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { useStatistics } from "../../../api/adbots";
import { whole } from "../../../ui/size";
import { When } from "../../../ui/When";

/** When an adbot sent last, and what came of all its sends; read once the row is in sight. */
export function LastResults({ adbot }: { adbot: string }) {
  const { t } = useTranslation();
  const { ref, inViewport } = useInViewport<HTMLDivElement>();
  const { data: figures, isError } = useStatistics(adbot, inViewport);
  return (
    <div ref={ref}>
      {figures === undefined && (isError ? t("common.unknown") : <Skeleton height={16} w={96} />)}
      {figures !== undefined && (
        <>
          <When at={figures.last_activity} />
          <Text size="xs" c="var(--quiet)" className="figure">
            {t("adbots.results", {
              sent: whole(figures.successes),
              failed: whole(figures.posts - figures.successes),
            })}
          </Text>
        </>
      )}
    </div>
  );
}
