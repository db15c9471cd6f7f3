import { Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMarkRead } from "../../api/account";
import type { NotificationView } from "../../api/schema";
import { moneyText } from "../../ui/amount";
import { When } from "../../ui/When";
import { pageAbout } from "./about";
import classes from "./Notifications.module.css";

type Props = { notification: NotificationView; brief?: boolean; onGo?: () => void };

/** What happened, in words; the whole line leads to what it is about, and then counts as read. */
export function NotificationLine({ notification, brief = false, onGo }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const markRead = useMarkRead();
  const unread = notification.read_at === null;
  const to = pageAbout(notification);
  const open = () => {
    onGo?.();
    if (unread) markRead.mutate({ ids: [notification.id] });
    if (to !== null) void navigate({ href: to });
  };
  return (
    <li className={classes.line}>
      <button type="button" className={classes.open} onClick={open}>
        <span className={classes.dot} data-unread={unread || undefined} aria-hidden />
        <span className={classes.body}>
          <span className={classes.title}>
            <Text component="span" fw={unread ? 600 : 500} size="md">
              {t(`notification.${notification.kind}`)}
              {unread && <span className={classes.hidden}> {t("notifications.isUnread")}</span>}
            </Text>
            <Text component="span" size="xs" c="var(--quiet)" className={classes.when}>
              <When at={notification.raised_at} />
            </Text>
          </span>
          <Detail notification={notification} brief={brief} />
        </span>
      </button>
    </li>
  );
}

function Detail({ notification, brief }: { notification: NotificationView; brief: boolean }) {
  const { t } = useTranslation();
  const money = (amount: string) => moneyText(amount, notification.pay_currency ?? "");
  const parts = [
    notification.missing !== null && notification.paid !== null
      ? t("notifications.missing", { paid: money(notification.paid), missing: money(notification.missing) })
      : notification.paid !== null && t("notifications.paid", { paid: money(notification.paid) }),
    notification.detail,
    notification.second_of !== null && t("notifications.second", { order: notification.second_of }),
  ].filter((part) => typeof part === "string" && part !== "");
  return (
    <>
      {parts.length > 0 && (
        <Text component="span" size="sm" c="var(--quiet)" lineClamp={brief ? 2 : 6}>
          {parts.join(" ")}
        </Text>
      )}
      {!brief && notification.order_number !== null && (
        <Text component="span" size="xs" c="var(--quiet)" ff="monospace">
          {notification.order_number}
        </Text>
      )}
    </>
  );
}
