import { Anchor } from "@mantine/core";
import { IconRobot } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAdbots } from "../../api/adbots";
import type { AdbotState } from "../../api/schema";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { PagedTable } from "../../ui/PagedTable";
import { When } from "../../ui/When";
import { AdbotStateBadge } from "./AdbotStateBadge";

/** The caller's adbots; without one, how to get one. */
export function AdbotTable() {
  const { t } = useTranslation();
  const columns: Column<AdbotState>[] = [
    {
      head: t("adbots.plan"),
      cell: (adbot) => (
        <Anchor
          fw={500}
          renderRoot={(props) => <Link to="/adbots/$adbot" params={{ adbot: adbot.id }} {...props} />}
        >
          {adbot.plan.name}
        </Anchor>
      ),
    },
    { head: t("adbots.state"), cell: (adbot) => <AdbotStateBadge status={adbot.status} /> },
    {
      head: t("adbots.next"),
      cell: (adbot) => (adbot.status === "RUNNING" ? <When at={adbot.next_cycle_at} /> : t("common.none")),
    },
    { head: t("adbots.groups"), number: true, cell: (adbot) => adbot.advertisement?.groups.length ?? 0 },
    {
      head: t("adbots.seats"),
      number: true,
      cell: (adbot) => t("adbot.seats", { filled: adbot.seats.filled, all: adbot.plan.sessions }),
    },
    { head: t("adbots.until"), cell: (adbot) => <When at={adbot.valid_until} /> },
  ];
  return (
    <PagedTable
      label={t("adbots.title")}
      query={useAdbots()}
      rowKey={(adbot) => adbot.id}
      columns={columns}
      empty={<Empty icon={<IconRobot size={22} />} title={t("adbots.empty")} text={t("adbots.emptyText")} />}
    />
  );
}
