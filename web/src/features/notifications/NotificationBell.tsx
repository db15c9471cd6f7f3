import { ActionIcon, Button, Group, Indicator, Popover, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBell } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMarkRead, useNewest } from "../../api/account";
import { Loaded } from "../../ui/Loaded";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { NotificationLine } from "./NotificationLine";
import classes from "./Notifications.module.css";

const MOST_COUNTED = 99;

/** How many notifications are unread, and the newest of them. */
export function NotificationBell() {
  const { t } = useTranslation();
  const [open, popover] = useDisclosure(false);
  const query = useNewest();
  const markRead = useMarkRead();
  const unread = query.data?.unread ?? 0;
  return (
    <Popover
      opened={open}
      onChange={(next) => (next ? popover.open() : popover.close())}
      position="bottom-end"
      width={380}
      trapFocus
      returnFocus
      transitionProps={{ duration: 100 }}
    >
      <Popover.Target>
        <ActionIcon
          size="lg"
          className={classes.bell}
          aria-label={t("notifications.bell", { count: unread })}
          onClick={popover.toggle}
        >
          <Indicator
            disabled={unread === 0}
            label={unread > MOST_COUNTED ? `${MOST_COUNTED}+` : unread}
            size={16}
            className={classes.count}
          >
            <IconBell size={18} stroke={1.6} />
          </Indicator>
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={0} className={classes.popover}>
        <Group justify="space-between" px="md" py="xs">
          <Text fw={600}>{t("notifications.title")}</Text>
          {unread > 0 && (
            <Button
              size="compact-sm"
              variant="subtle"
              loading={markRead.isPending}
              onClick={() => markRead.mutate({ all: true })}
            >
              {t("notifications.markRead")}
            </Button>
          )}
        </Group>
        {markRead.error !== null && <ProblemNotice error={markRead.error} />}
        <Loaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <Text size="sm" c="var(--quiet)" px="md" pb="md">
                {t("notifications.emptyText")}
              </Text>
            ) : (
              <ul className={classes.list}>
                {items.map((one) => (
                  <NotificationLine key={one.id} notification={one} brief onGo={popover.close} />
                ))}
              </ul>
            )
          }
        </Loaded>
        <Group justify="center" p="xs">
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={popover.close}
            renderRoot={(props) => <Link to="/notifications" {...props} />}
          >
            {t("notifications.all")}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
