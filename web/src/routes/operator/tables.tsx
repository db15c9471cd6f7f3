import { Stack, Tabs, Title } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { TablesView } from "../../api/schema";
import { useTables } from "../../api/system";
import { Rebuilds } from "../../features/system/Rebuilds";
import { TableList } from "../../features/system/TableList";
import { Unanswered } from "../../features/system/Unanswered";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";

const route = getRouteApi("/client/operator/tables");

/** The tables that services fold from events, and rebuilding them. */
export function TablesPage() {
  const { t } = useTranslation();
  return (
    <Page title={t("tables.title")} about={t("tables.about")}>
      <Loaded query={useTables()} rows={10}>
        {(found) => (
          <>
            <Unanswered services={found.unanswered} />
            <Shown found={found} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Shown({ found: { services } }: { found: TablesView }) {
  const { t } = useTranslation();
  const { service } = route.useSearch();
  const navigate = route.useNavigate();
  const shown = services.find((one) => one.service === service) ?? services[0];
  if (shown === undefined) return null;
  const rebuilds = services.flatMap((one) =>
    one.rebuilds.map((rebuild) => ({ ...rebuild, of: one.service })),
  );
  return (
    <>
      {rebuilds.length > 0 && (
        <Stack gap="md" component="section">
          <Title order={2}>{t("tables.rebuilds")}</Title>
          <Rebuilds rebuilds={rebuilds} />
        </Stack>
      )}
      <Tabs
        value={shown.service}
        onChange={(to) => void navigate({ search: to === null ? {} : { service: to }, replace: true })}
      >
        <Tabs.List mb="md" aria-label={t("health.services")}>
          {services.map((one) => (
            <Tabs.Tab key={one.service} value={one.service}>
              {one.service}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown.service}>
          <TableList of={shown} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
