import { Button, Card, Stack } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMarkRead, useNewest, useNotifications } from "../api/account";
import { NotificationLine } from "../features/notifications/NotificationLine";
import classes from "../features/notifications/Notifications.module.css";
import { Empty } from "../ui/Empty";
import { FilterChips } from "../ui/FilterChips";
import { Loaded } from "../ui/Loaded";
import { MoreButton } from "../ui/MoreButton";
import { Page } from "../ui/Page";
import { ProblemNotice } from "../ui/ProblemNotice";

export function NotificationsPage() {
  const { t } = useTranslation();
  const { only } = useSearch({ from: "/client/notifications" });
  const navigate = useNavigate();
  const query = useNotifications(only === "unread");
  const unread = useNewest().data?.unread;
  const markRead = useMarkRead();
  const action = (
    <Button
      variant="default"
      disabled={unread === 0}
      loading={markRead.isPending}
      onClick={() => markRead.mutate({ all: true })}
    >
      {t("notifications.markRead")}
    </Button>
  );
  return (
    <Page title={t("notifications.title")} about={t("notifications.about")} action={action}>
      {markRead.error !== null && <ProblemNotice error={markRead.error} />}
      <FilterChips
        label={t("notifications.filter")}
        options={["unread"]}
        text={() =>
          unread === undefined ? t("notifications.onlyUnread") : t("notifications.unread", { count: unread })
        }
        value={only}
        onChange={(next) =>
          void navigate({ to: "/notifications", search: next === undefined ? {} : { only: next } })
        }
      />
      <Loaded query={query} rows={6}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0) return <Nothing unread={only === "unread"} />;
          return (
            <Card padding={0}>
              <ul className={classes.list}>
                {items.map((one) => (
                  <NotificationLine key={one.id} notification={one} />
                ))}
              </ul>
            </Card>
          );
        }}
      </Loaded>
      <Stack align="center">
        <MoreButton query={query} />
      </Stack>
    </Page>
  );
}

function Nothing({ unread }: { unread: boolean }) {
  const { t } = useTranslation();
  return (
    <Empty
      icon={<IconBell size={22} />}
      title={unread ? t("notifications.allRead") : t("notifications.empty")}
      text={unread ? t("notifications.allReadText") : t("notifications.emptyText")}
    />
  );
}
