import { Button, Card, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useAcknowledge } from "../../api/operator";
import type { NoticeView } from "../../api/schema";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { When } from "../../ui/When";

/** Open notices: what happened, what to do, and a button for "seen". */
export function NoticeList({ notices }: { notices: NoticeView[] }) {
  const { t } = useTranslation();
  const acknowledge = useAcknowledge();
  if (notices.length === 0) return <Text c="var(--quiet)">{t("operator.noNotices")}</Text>;
  return (
    <Stack gap="sm">
      {acknowledge.error !== null && <ProblemNotice error={acknowledge.error} />}
      {notices.map((notice) => (
        <Card key={notice.id} padding="md">
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            <div>
              <Group gap="xs">
                <Text fw={600}>{notice.title}</Text>
                <Text size="xs" c="var(--quiet)">
                  <When at={notice.raised_at} />
                </Text>
              </Group>
              <Text size="sm">{notice.detail}</Text>
              <Text size="sm" c="var(--quiet)">
                {notice.advice}
              </Text>
            </div>
            <Button
              size="compact-sm"
              variant="default"
              loading={acknowledge.isPending && acknowledge.variables === notice.id}
              onClick={() => acknowledge.mutate(notice.id)}
            >
              {t("operator.seen")}
            </Button>
          </Group>
        </Card>
      ))}
    </Stack>
  );
}
