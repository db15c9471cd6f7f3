import { SimpleGrid, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useForwarding, useNotices } from "../../api/operator";
import { AttentionTable } from "../../features/operator/AttentionTable";
import { ForwardingTiles } from "../../features/operator/ForwardingTiles";
import { NoticeList } from "../../features/operator/NoticeList";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";

/** What needs a person first. */
export function OperatorPage() {
  const { t } = useTranslation();
  return (
    <Page title={t("operator.title")} about={t("operator.about")}>
      <Stack gap="md" component="section">
        <Title order={2}>{t("operator.notices")}</Title>
        <Loaded query={useNotices()} rows={2}>
          {(page) => <NoticeList notices={page.items} />}
        </Loaded>
      </Stack>
      <Stack gap="md" component="section">
        <Title order={2}>{t("operator.attention")}</Title>
        <AttentionTable />
      </Stack>
      <Stack gap="md" component="section">
        <Title order={2}>{t("operator.forwarding")}</Title>
        <SimpleGrid cols={{ base: 2, sm: 4 }}>
          <Loaded query={useForwarding()} rows={1}>
            {(forwarding) => <ForwardingTiles forwarding={forwarding} />}
          </Loaded>
        </SimpleGrid>
      </Stack>
    </Page>
  );
}
