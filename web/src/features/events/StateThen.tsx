import { Alert, Badge, Button, CopyButton, Group, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { StreamStep } from "../../api/schema";
import { StateTree } from "./StateTree";
import { entriesOf, unmarked } from "./state-diff";

type Props = {
  step: StreamStep;
  /** The step before it; null for the first one, undefined if it is not known. */
  before: StreamStep | null | undefined;
};

/** The state after an event, with what that changed. */
export function StateThen({ step, before }: Props) {
  const { t } = useTranslation();
  const entries = before === undefined ? unmarked(step.state) : entriesOf(before?.state ?? {}, step.state);
  const touched = entries.some((one) => one.touched);
  return (
    <section>
      <Group justify="space-between" mb="xs">
        <Title order={2}>{t("events.stream.state", { version: step.version })}</Title>
        {step.problem === null && <CopyState state={step.state} />}
      </Group>
      {step.problem !== null ? (
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle size={18} />}>
          {t("events.stream.problem", { problem: step.problem })}
        </Alert>
      ) : (
        <>
          <Group gap="xs" mb="xs">
            {step.state_type !== null && <Badge color="gray">{step.state_type}</Badge>}
            <Text size="xs" c="var(--quiet)">
              {before === undefined
                ? t("events.stream.unknownBefore")
                : t(touched ? "events.stream.marked" : "events.stream.unchanged")}
            </Text>
          </Group>
          <StateTree key={step.id} entries={entries} />
        </>
      )}
    </section>
  );
}

function CopyState({ state }: { state: unknown }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={JSON.stringify(state, null, 2)} timeout={1500}>
      {({ copied, copy }) => (
        <Button size="compact-sm" variant="default" leftSection={<IconCopy size={14} />} onClick={copy}>
          {copied ? t("common.copied") : t("events.stream.copy")}
        </Button>
      )}
    </CopyButton>
  );
}
