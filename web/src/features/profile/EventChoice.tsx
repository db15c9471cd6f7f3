import { Button, Checkbox, Group, ScrollArea, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useWebhookEvents } from "../../api/webhooks";
import { Loaded } from "../../ui/Loaded";

type Props = { chosen: string[]; onChange: (events: string[]) => void };

/** The events that a webhook may be told of, each with what it means. */
export function EventChoice({ chosen, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <Loaded query={useWebhookEvents()}>
      {({ items }) => (
        <Checkbox.Group
          label={t("webhooks.events")}
          description={t("webhooks.eventsHelp")}
          value={chosen}
          onChange={onChange}
        >
          <Group gap="xs" my="xs">
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => onChange(items.map(({ name }) => name))}
            >
              {t("webhooks.everyEvent")}
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => onChange([])}>
              {t("webhooks.noEvent")}
            </Button>
            <Text size="sm" c="var(--quiet)">
              {t("webhooks.chosen", { count: chosen.length })}
            </Text>
          </Group>
          <ScrollArea.Autosize mah={280} type="auto" viewportProps={{ tabIndex: 0 }}>
            <Stack gap="xs">
              {items.map(({ name, description }) => (
                <Checkbox key={name} value={name} label={description} description={name} />
              ))}
            </Stack>
          </ScrollArea.Autosize>
        </Checkbox.Group>
      )}
    </Loaded>
  );
}
