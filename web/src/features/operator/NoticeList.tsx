import { Button, Card, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useAcknowledge } from "../../api/operator";
import type { NoticeView } from "../../api/schema";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { StateBadge } from "../../ui/StateBadge";
import { When } from "../../ui/When";
import { NoticeAction } from "./NoticeAction";
import { byUrgency, urgencyOf } from "./notices";

/** Open notices, the urgent first: what happened, what to do and where, and a button for "seen". */
export function NoticeList({ notices }: { notices: NoticeView[] }) {
  const { t } = useTranslation();
  const acknowledge = useAcknowledge();
  if (notices.length === 0) return <Text c="var(--quiet)">{t("operator.noNotices")}</Text>;
  return (
    <Stack gap="sm">
      {acknowledge.error !== null && <ProblemNotice error={acknowledge.error} />}
      {byUrgency(notices).map((notice) => (
        <Card key={notice.id} padding="md">
          <Group justify="space-between" align="flex-start">
            <Stack gap={4} flex={1} miw={240}>
              <Group gap="xs">
                <StateBadge mood={urgencyOf(notice) === "urgent" ? "bad" : "waiting"}>
                  {t(`urgency.${urgencyOf(notice)}`)}
                </StateBadge>
                <Text fw={600}>{t(`noticeTitle.${notice.kind}`)}</Text>
                <Text size="xs" c="var(--quiet)">
                  <When at={notice.raised_at} />
                </Text>
              </Group>
              <Text size="sm">{notice.detail}</Text>
              <Text size="sm" c="var(--quiet)">
                {t(`noticeAdvice.${notice.kind}`)}
              </Text>
            </Stack>
            <Group gap="xs">
              <NoticeAction notice={notice} />
              <Button
                size="compact-sm"
                variant="default"
                aria-label={t("acts.with", { act: t("operator.seen"), name: notice.title })}
                loading={acknowledge.isPending && acknowledge.variables === notice.id}
                onClick={() => acknowledge.mutate(notice.id)}
              >
                {t("operator.seen")}
              </Button>
            </Group>
          </Group>
        </Card>
      ))}
    </Stack>
  );
}
