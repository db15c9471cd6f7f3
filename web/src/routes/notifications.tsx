import { Button, Card, Group, Stack, Text } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useMarkAllRead, useNotifications } from "../api/account";
import type { NotificationView } from "../api/schema";
import { Empty } from "../ui/Empty";
import { Loaded } from "../ui/Loaded";
import { Page } from "../ui/Page";
import { When } from "../ui/When";

export function NotificationsPage() {
  const { t } = useTranslation();
  const query = useNotifications();
  const markRead = useMarkAllRead();
  const action = (
    <Button
      variant="default"
      disabled={(query.data?.unread ?? 0) === 0}
      loading={markRead.isPending}
      onClick={() => markRead.mutate()}
    >
      {t("notifications.markRead")}
    </Button>
  );
  return (
    <Page title={t("notifications.title")} action={action}>
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty
              icon={<IconBell size={22} />}
              title={t("notifications.empty")}
              text={t("notifications.emptyText")}
            />
          ) : (
            <Card padding={0}>
              <Stack gap={0} component="ul" m={0} p={0}>
                {page.items.map((one) => (
                  <Line key={one.id} notification={one} />
                ))}
              </Stack>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function Line({ notification }: { notification: NotificationView }) {
  const { t } = useTranslation();
  return (
    <Group component="li" justify="space-between" px="md" py="sm" wrap="nowrap" align="flex-start">
      <div>
        <Text fw={notification.read_at === null ? 600 : 400}>{t(`notification.${notification.kind}`)}</Text>
        {notification.detail !== "" && (
          <Text size="sm" c="var(--quiet)">
            {notification.detail}
          </Text>
        )}
      </div>
      <Text size="xs" c="var(--quiet)">
        <When at={notification.raised_at} />
      </Text>
    </Group>
  );
}
