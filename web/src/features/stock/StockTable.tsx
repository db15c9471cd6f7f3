import { Text } from "@mantine/core";
import { IconDatabase } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { StockedSession } from "../../api/schema";
import { retireSession, type StockFilter, useStock } from "../../api/stock";
import { ActButton } from "../../ui/acts/ActButton";
import { CopyText } from "../../ui/CopyText";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { PagedTable } from "../../ui/PagedTable";
import { When } from "../../ui/When";
import { AdbotLink } from "../operator/AdbotLink";
import { SessionStateBadge } from "./SessionStateBadge";
import { sessionName } from "./session-name";

const LOST = new Set(["BANNED", "FROZEN", "RETIRED"]);

/** The sessions in stock, the oldest first. */
export function StockTable({ filter }: { filter: StockFilter }) {
  const { t } = useTranslation();
  const columns: Column<StockedSession>[] = [
    { head: t("stock.phone"), cell: (one) => one.phone },
    { head: t("stock.user"), minor: true, cell: (one) => <CopyText value={String(one.telegram_user)} /> },
    { head: t("stock.state"), cell: (one) => <SessionStateBadge state={one.state} /> },
    {
      head: t("stock.adbot"),
      cell: (one) => (one.adbot === null ? t("common.none") : <AdbotLink adbot={one.adbot} />),
    },
    { head: t("stock.trouble"), minor: true, cell: (one) => <Trouble session={one} /> },
    { head: t("stock.imported"), minor: true, cell: (one) => <When at={one.imported_at} /> },
    {
      head: t("operator.acts"),
      cell: (one) =>
        LOST.has(one.state) || one.state === "IMPORTED" ? null : (
          <ActButton
            size="compact-sm"
            label={t("acts.with", { act: t("stock.retire"), name: sessionName(one) })}
            act={{
              title: t("stock.retire"),
              consequence: t(one.adbot === null ? "stock.retireUnused" : "stock.retireSeated", {
                name: sessionName(one),
              }),
              danger: true,
              reason: true,
              run: (reason) => retireSession(one.session, reason),
            }}
          />
        ),
    },
  ];
  return (
    <PagedTable
      label={t("stock.title")}
      query={useStock(filter)}
      rowKey={(one) => one.session}
      columns={columns}
      empty={<Empty icon={<IconDatabase size={22} />} title={t("stock.empty")} text={t("stock.emptyText")} />}
    />
  );
}

function Trouble({ session }: { session: StockedSession }) {
  const { t } = useTranslation();
  if (session.unreachable_since === null) return t("common.none");
  return (
    <Text size="sm" span>
      {session.unreachable_error} · <When at={session.unreachable_since} />
    </Text>
  );
}
