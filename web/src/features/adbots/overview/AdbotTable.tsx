import { Button, Text } from "@mantine/core";
import { IconRobot } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAdbots } from "../../../api/adbots";
import type { AdbotState } from "../../../api/schema";
import type { Column } from "../../../ui/DataTable";
import { Empty } from "../../../ui/Empty";
import { PagedTable } from "../../../ui/PagedTable";
import { RowLink } from "../../../ui/RowLink";
import { When } from "../../../ui/When";
import { AdbotStateBadge } from "../AdbotStateBadge";
import { AttentionCell } from "./AttentionCell";
import { LastResults } from "./LastResults";
import { NextCell } from "./NextCell";

/** The caller's adbots with what each does, did last and needs; without one, how to get one. */
export function AdbotTable() {
  const { t } = useTranslation();
  const columns: Column<AdbotState>[] = [
    { head: t("adbots.adbot"), cell: (adbot) => <Name adbot={adbot} /> },
    { head: t("adbots.state"), cell: (adbot) => <AdbotStateBadge status={adbot.status} /> },
    { head: t("adbots.next"), cell: (adbot) => <NextCell adbot={adbot} /> },
    { head: t("adbots.last"), minor: true, cell: (adbot) => <LastResults adbot={adbot.id} /> },
    {
      head: t("adbots.seats"),
      minor: true,
      number: true,
      cell: (adbot) => t("adbots.filled", { filled: adbot.seats.filled, all: adbot.plan.sessions }),
    },
    {
      head: t("adbots.until"),
      cell: ({ valid_until: at }) => (at === null ? t("adbot.notBegun") : <When at={at} />),
    },
    { head: t("adbots.attention"), cell: (adbot) => <AttentionCell adbot={adbot} /> },
  ];
  return (
    <PagedTable
      label={t("adbots.title")}
      query={useAdbots()}
      rowKey={(adbot) => adbot.id}
      columns={columns}
      empty={
        <Empty
          icon={<IconRobot size={22} />}
          title={t("adbots.empty")}
          text={t("adbots.emptyText")}
          action={<Button renderRoot={(props) => <Link to="/" {...props} />}>{t("adbots.buy")}</Button>}
        />
      }
    />
  );
}

function Name({ adbot }: { adbot: AdbotState }) {
  return (
    <div>
      <RowLink to="/adbots/$adbot" params={{ adbot: adbot.id }}>
        {adbot.plan.name}
      </RowLink>
      <Text size="xs" c="var(--quiet)" ff="monospace">
        {adbot.order_number}
      </Text>
    </div>
  );
}
