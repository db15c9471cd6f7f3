import { Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useForwarding, useNotices } from "../../api/operator";
import { AttentionTable } from "../../features/operator/AttentionTable";
import { ForwardingTiles } from "../../features/operator/ForwardingTiles";
import { NoticeList } from "../../features/operator/NoticeList";
import { OperatorFigures } from "../../features/operator/OperatorFigures";
import { OverrunningTable, WorkersTable } from "../../features/operator/Overrunning";
import { PauseSwitch } from "../../features/operator/PauseSwitch";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";

/** What needs a person first. */
export function OperatorPage() {
  const { t } = useTranslation();
  const forwarding = useForwarding();
  return (
    <Page title={t("operator.title")} about={t("operator.about")} action={<PauseSwitch />}>
      <Section title={t("operator.notices")}>
        <Loaded query={useNotices()} rows={2}>
          {(page) => <NoticeList notices={page.items} />}
        </Loaded>
      </Section>
      <Section title={t("operator.attention")}>
        <AttentionTable />
      </Section>
      <Section title={t("operator.forwarding")}>
        <Loaded query={forwarding} rows={1}>
          {(found) => <ForwardingTiles forwarding={found} />}
        </Loaded>
      </Section>
      <Section title={t("operator.overruns")}>
        <Loaded query={forwarding} rows={1}>
          {(found) => <OverrunningTable forwarding={found} />}
        </Loaded>
      </Section>
      <Section title={t("operator.figures")}>
        <OperatorFigures />
      </Section>
      <Section title={t("operator.workers")} id="workers">
        <Loaded query={forwarding} rows={1}>
          {(found) => <WorkersTable forwarding={found} />}
        </Loaded>
      </Section>
    </Page>
  );
}

function Section({ title, id, children }: { title: string; id?: string; children: ReactNode }) {
  return (
    <Stack gap="md" component="section" id={id}>
      <Title order={2}>{title}</Title>
      {children}
    </Stack>
  );
}
