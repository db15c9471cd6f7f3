import { Button } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { WebhookDelivery } from "../../api/schema";
import { sendAgain, useDeliveries } from "../../api/webhooks";
import { DELIVERY_STATES } from "../../routing/states";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { FilterChips } from "../../ui/FilterChips";
import { PagedTable } from "../../ui/PagedTable";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { exactTime } from "../../ui/time";
import { When } from "../../ui/When";
import { DeliveryStateBadge } from "./DeliveryStateBadge";

/** The messages of a webhook; one that was not taken can be sent again. */
export function WebhookDeliveries({ webhook }: { webhook: string }) {
  const { t } = useTranslation();
  const { state } = useSearch({ from: "/client/profile" });
  const navigate = useNavigate();
  const again = useMutation({ mutationFn: (message: string) => sendAgain(webhook, message) });
  const columns: Column<WebhookDelivery>[] = [
    { head: t("deliveries.event"), cell: (one) => one.type },
    {
      head: t("deliveries.state"),
      cell: (one) => <DeliveryStateBadge state={one.state} />,
    },
    { head: t("deliveries.attempts"), number: true, minor: true, cell: (one) => one.attempts },
    { head: t("deliveries.answer"), cell: (one) => one.last_error ?? one.last_status ?? t("common.none") },
    { head: t("deliveries.created"), cell: (one) => <When at={one.created_at} /> },
    {
      head: t("deliveries.next"),
      cell: (one) => (one.next_attempt_at === null ? t("common.none") : <When at={one.next_attempt_at} />),
    },
    {
      head: t("deliveries.act"),
      cell: (one) =>
        one.state === "delivered" ? null : (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t("acts.with", {
              act: t("deliveries.again"),
              name: `${one.type}, ${exactTime(one.created_at)}`,
            })}
            loading={again.isPending && again.variables === one.id}
            onClick={() => again.mutate(one.id)}
          >
            {t("deliveries.again")}
          </Button>
        ),
    },
  ];
  return (
    <>
      <FilterChips
        label={t("deliveries.state")}
        options={DELIVERY_STATES}
        text={(one) => t(`deliveryState.${one}`)}
        value={state}
        onChange={(next) =>
          void navigate({
            to: "/profile",
            search: { tab: "webhooks", webhook, ...(next === undefined ? {} : { state: next }) },
          })
        }
      />
      {again.error !== null && <ProblemNotice error={again.error} />}
      <PagedTable
        label={t("webhooks.deliveries")}
        query={useDeliveries(webhook, state ?? null)}
        rowKey={(one) => one.id}
        columns={columns}
        empty={
          <Empty
            icon={<IconSend size={22} />}
            title={t("deliveries.empty")}
            text={t("deliveries.emptyText")}
          />
        }
      />
    </>
  );
}
