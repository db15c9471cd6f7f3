import { Alert, Code, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { WebhookTest } from "../../api/schema";

/** What came back for a test message. */
export function WebhookTestResult({ result }: { result: WebhookTest }) {
  const { t } = useTranslation();
  const seconds = result.seconds.toFixed(1);
  return (
    <Alert
      role="status"
      color={result.taken ? "teal" : "red"}
      title={result.taken ? t("webhooks.taken") : t("webhooks.notTaken")}
    >
      <Stack gap="xs">
        <div>
          {result.status === null
            ? t("webhooks.noAnswer", { error: result.error ?? "", seconds })
            : t("webhooks.answer", { status: result.status, seconds })}
        </div>
        {result.body !== "" && <Code block>{result.body}</Code>}
      </Stack>
    </Alert>
  );
}
