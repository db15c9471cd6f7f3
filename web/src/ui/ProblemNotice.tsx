import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";

/** What went wrong, its code, and what to do. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const problem = error instanceof ApiError ? error : null;
  const unreachable = problem === null || problem.status === 0;
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} title={t("problem.title")}>
      <Text size="sm">{unreachable ? t("problem.unreachable") : problem.message}</Text>
      <Group mt="xs" gap="md">
        {onRetry !== undefined && (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            {t("common.tryAgain")}
          </Button>
        )}
        {!unreachable && (
          <Text size="xs" c="var(--quiet)">
            {t("problem.code", { code: problem.code })}
          </Text>
        )}
      </Group>
    </Alert>
  );
}
