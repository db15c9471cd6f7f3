import { Anchor, Drawer, Stack, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useEvent } from "../../api/events";
import type { EventDetail } from "../../api/schema";
import { Loaded } from "../../ui/Loaded";
import { EventData } from "./EventData";
import { EventFacts } from "./EventFacts";

type Props = { event: string | null; onClose: () => void };

/** An event with its data, beside the tree. */
export function EventPanel({ event, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={event !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={t("events.event.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {event !== null && <Content event={event} />}
    </Drawer>
  );
}

function Content({ event }: { event: string }) {
  return <Loaded query={useEvent(event)}>{(detail) => <Detail event={detail} />}</Loaded>;
}

function Detail({ event }: { event: EventDetail }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      <Title order={3}>{event.type}</Title>
      <EventFacts event={event} />
      <Anchor
        size="sm"
        renderRoot={(props) => (
          <Link
            to="/operator/events/stream/$stream"
            params={{ stream: event.stream }}
            search={{ version: event.version }}
            {...props}
          />
        )}
      >
        {t("events.event.toStream")}
      </Anchor>
      <EventData data={event.data} order={4} />
    </Stack>
  );
}
