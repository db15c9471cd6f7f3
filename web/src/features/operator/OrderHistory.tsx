import { Text, Timeline, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AdminHappening } from "../../api/schema";
import { Money } from "../../ui/Money";
import { When } from "../../ui/When";

/** All that happened to an order, the first first. */
export function OrderHistory({ history }: { history: AdminHappening[] }) {
  const { t } = useTranslation();
  return (
    <section>
      <Title order={2} mb="md">
        {t("operator.history")}
      </Title>
      <Timeline bulletSize={12} lineWidth={2} active={history.length}>
        {history.map((one) => (
          <Timeline.Item key={`${one.at} ${one.event}`} title={one.event}>
            <Text size="sm" c="var(--quiet)">
              <When at={one.at} /> · {one.actor}
              {one.amount !== null && one.currency !== null && (
                <>
                  {" · "}
                  <Money amount={one.amount} currency={one.currency} />
                </>
              )}
            </Text>
            {one.note !== null && <Text size="sm">{one.note}</Text>}
          </Timeline.Item>
        ))}
      </Timeline>
    </section>
  );
}
