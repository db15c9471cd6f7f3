import { Anchor, Group, Stack, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { StreamStep } from "../../api/schema";
import { EventData } from "./EventData";
import { EventFacts } from "./EventFacts";

/** An event of a stream with its data, and the way to what led to it. */
export function StepDetail({ step }: { step: StreamStep }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" component="section">
      <Group justify="space-between" gap="xs">
        <Title order={2}>{step.type}</Title>
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link
              to="/operator/events/tree/$correlation"
              params={{ correlation: step.correlation_id }}
              search={{ event: step.id }}
              {...props}
            />
          )}
        >
          {t("events.stream.toTree")}
        </Anchor>
      </Group>
      <EventFacts event={step} />
      <EventData key={step.id} data={step.data} order={3} />
    </Stack>
  );
}
