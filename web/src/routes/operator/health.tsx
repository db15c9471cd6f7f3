import { SimpleGrid, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SystemHealth } from "../../api/schema";
import { useHealth } from "../../api/system";
import { DatabaseTable } from "../../features/system/DatabaseTable";
import { ProcessTable } from "../../features/system/ProcessTable";
import { ServiceTable } from "../../features/system/ServiceTable";
import { Troubles } from "../../features/system/Troubles";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { byteSize } from "../../ui/size";
import { Tile } from "../../ui/Tile";

/** How services, readers, relays and the broker do. */
export function HealthPage() {
  const { t } = useTranslation();
  const query = useHealth();
  return (
    <Page title={t("health.title")} about={t("health.about")}>
      <Loaded query={query} rows={8}>
        {(health) => <Board health={health} />}
      </Loaded>
    </Page>
  );
}

function Board({ health }: { health: SystemHealth }) {
  const { t } = useTranslation();
  const unknown = t("common.unknown");
  return (
    <>
      <Troubles health={health} />
      <Stack gap="md" component="section">
        <Title order={2}>{t("health.services")}</Title>
        <ServiceTable services={health.services} />
      </Stack>
      <Stack gap="md" component="section">
        <Title order={2}>{t("health.queues")}</Title>
        <SimpleGrid cols={{ base: 2, sm: 4 }}>
          {health.queues.map((one) => (
            <Tile key={one.queue} name={t(`queue.${one.queue}`)} value={one.waiting ?? unknown} />
          ))}
        </SimpleGrid>
      </Stack>
      {health.broker !== null && (
        <Stack gap="md" component="section">
          <Title order={2}>{t("health.broker")}</Title>
          <SimpleGrid cols={{ base: 2, sm: 4 }}>
            <Tile name={t("health.messages")} value={health.broker.messages} />
            <Tile name={t("health.streamSize")} value={byteSize(health.broker.bytes)} />
            <Tile name={t("health.consumers")} value={health.broker.consumers} />
            <Tile name={t("health.brokerVersion")} value={health.broker.version} />
          </SimpleGrid>
        </Stack>
      )}
      <Stack gap="md" component="section">
        <Title order={2}>{t("health.databases")}</Title>
        <DatabaseTable services={health.services} />
      </Stack>
      <Stack gap="md" component="section">
        <Title order={2}>{t("health.processes")}</Title>
        <ProcessTable services={health.services} />
      </Stack>
    </>
  );
}
