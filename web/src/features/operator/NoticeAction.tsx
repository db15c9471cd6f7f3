import { Button } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { NoticeView } from "../../api/schema";

type Target = Pick<LinkProps, "to" | "params" | "search" | "hash">;

/** Leads to where a notice is seen to. */
export function NoticeAction({ notice }: { notice: NoticeView }) {
  const { t } = useTranslation();
  const target = targetOf(notice);
  return (
    <Button
      size="compact-sm"
      variant="light"
      renderRoot={(props) => <Link {...target} {...props} />}
      aria-label={t("acts.with", { act: t(`noticeAction.${notice.kind}`), name: notice.title })}
    >
      {t(`noticeAction.${notice.kind}`)}
    </Button>
  );
}

function targetOf({ kind, subject }: NoticeView): Target {
  switch (kind) {
    case "low_stock":
    case "sale_refused":
      return { to: "/operator/stock" };
    case "sessions_lost":
      return { to: "/operator/stock", search: { state: "BANNED" } };
    case "account_limited":
      return { to: "/operator/stock", search: { text: subject } };
    case "seats_awaited":
      return subject === ""
        ? { to: "/operator/adbots" }
        : { to: "/operator/adbots/$adbot", params: { adbot: subject }, hash: "seats" };
    case "order_needs_person":
      return { to: "/operator/orders/$order", params: { order: subject.split(" ")[0] ?? subject } };
    case "mail_given_up":
      return { to: "/operator/accounts" };
    case "dead_letters":
      return { to: "/operator/dead-letters" };
    case "reader_lags":
    case "relay_stalls":
    case "service_silent":
      return { to: "/operator/health" };
  }
}
