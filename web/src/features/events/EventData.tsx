import { Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { EventDetail } from "../../api/schema";
import { StateTree } from "./StateTree";
import { unmarked } from "./state-diff";

type Props = { data: EventDetail["data"]; order: 3 | 4 };

/** What an event says, under a heading of this order. */
export function EventData({ data, order }: Props) {
  const { t } = useTranslation();
  const entries = unmarked(data);
  return (
    <section>
      <Title order={order} size="sm" mb={4}>
        {t("events.event.data")}
      </Title>
      {entries.length === 0 ? (
        <Text size="sm" c="var(--quiet)">
          {t("events.event.noData")}
        </Text>
      ) : (
        <StateTree entries={entries} />
      )}
    </section>
  );
}
