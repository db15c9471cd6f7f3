import { Button, Select, SimpleGrid } from "@mantine/core";
import { IconDatabase } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStock } from "../../api/operator";
import type { SessionState, StockedSession } from "../../api/schema";
import { SESSION_STATES, SessionStateBadge } from "../../features/stock/SessionStateBadge";
import { UploadSessions } from "../../features/stock/UploadSessions";
import { CopyText } from "../../ui/CopyText";
import { type Column, DataTable } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Tile } from "../../ui/Tile";
import { When } from "../../ui/When";

export function StockPage() {
  const { t } = useTranslation();
  const [state, setState] = useState<SessionState | null>(null);
  const query = useStock(state);
  const columns: Column<StockedSession>[] = [
    { head: t("stock.phone"), cell: (one) => one.phone },
    { head: t("stock.user"), cell: (one) => <CopyText value={String(one.telegram_user)} /> },
    { head: t("stock.state"), cell: (one) => <SessionStateBadge state={one.state} /> },
    { head: t("stock.trouble"), cell: (one) => one.unreachable_error ?? t("common.none") },
    { head: t("stock.imported"), cell: (one) => <When at={one.imported_at} /> },
  ];
  return (
    <Page title={t("stock.title")} about={t("stock.about")}>
      <UploadSessions />
      <Loaded query={query} rows={8}>
        {({ pages }) => {
          const sessions = pages.flatMap((page) => page.sessions);
          return (
            <>
              <SimpleGrid cols={{ base: 2, sm: 3, md: 6 }}>
                {SESSION_STATES.map((one) => (
                  <Tile key={one} name={t(`sessionState.${one}`)} value={pages[0]?.counts[one] ?? 0} />
                ))}
              </SimpleGrid>
              <Select
                clearable
                size="xs"
                maw={200}
                aria-label={t("stock.state")}
                placeholder={t("stock.state")}
                data={SESSION_STATES.map((value) => ({ value, label: t(`sessionState.${value}`) }))}
                value={state}
                onChange={setState}
              />
              {sessions.length === 0 ? (
                <Empty
                  icon={<IconDatabase size={22} />}
                  title={t("stock.empty")}
                  text={t("stock.emptyText")}
                />
              ) : (
                <DataTable
                  label={t("stock.title")}
                  rows={sessions}
                  rowKey={(one) => one.session}
                  columns={columns}
                />
              )}
            </>
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <Button
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t("common.more")}
        </Button>
      )}
    </Page>
  );
}
