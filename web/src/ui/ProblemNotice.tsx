import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";
import { useProblemText } from "./useProblemText";

/** What went wrong, its code, and what to do. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const text = useProblemText();
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} title={t("problem.title")}>
      <Text size="sm">{text(error)}</Text>
      <Group mt="xs" gap="md">
        {onRetry !== undefined && (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            {t("common.tryAgain")}
          </Button>
        )}
        {error instanceof ApiError && error.status > 0 && (
          <Text size="xs" c="var(--quiet)">
            {t("problem.code", { code: error.code })}
          </Text>
        )}
      </Group>
    </Alert>
  );
}
