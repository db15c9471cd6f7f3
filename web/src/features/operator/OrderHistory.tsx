import { Text, Timeline, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AdminHappening } from "../../api/schema";
import type en from "../../texts/en.json";
import { Money } from "../../ui/Money";
import { When } from "../../ui/When";
import { AccountLink } from "./AccountLink";
import { accountOf } from "./things";

type Event = keyof typeof en.orderEvent;

/** All that happened to an order in words, the first first. */
export function OrderHistory({ history }: { history: AdminHappening[] }) {
  const { t } = useTranslation();
  return (
    <section>
      <Title order={2} mb="md">
        {t("operator.history")}
      </Title>
      <Timeline bulletSize={12} lineWidth={2} active={history.length}>
        {history.map((one, place) => (
          <Timeline.Item
            // biome-ignore lint/suspicious/noArrayIndexKey: two of the same may happen at once, and none comes before
            key={`${place} ${one.event}`}
            title={<Happened event={one.event} />}
          >
            <Text size="sm" c="var(--quiet)" component="div">
              <When at={one.at} /> · <Actor actor={one.actor} />
              {one.amount !== null && one.currency !== null && (
                <>
                  {" · "}
                  <Money amount={one.amount} currency={one.currency} />
                </>
              )}
              {one.missing !== null && one.currency !== null && (
                <>
                  {" · "}
                  {t("operator.missing")}: <Money amount={one.missing} currency={one.currency} />
                </>
              )}
              {one.excess !== null && one.currency !== null && (
                <>
                  {" · "}
                  {t("operator.excess")}: <Money amount={one.excess} currency={one.currency} />
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

function Happened({ event }: { event: string }) {
  const { t, i18n } = useTranslation();
  return <>{i18n.exists(`orderEvent.${event}`) ? t(`orderEvent.${event as Event}`) : event}</>;
}

/** Who did it: an admin, the payment provider, a client, or a service by itself. */
function Actor({ actor }: { actor: string }) {
  const { t } = useTranslation();
  const account = accountOf(actor);
  if (account !== null) return <AccountLink account={account} email={null} inText />;
  const [kind, name = ""] = actor.split(":", 2);
  switch (kind) {
    case "admin":
      return <>{t("opActivity.token")}</>;
    case "provider":
      return <>{t("actor.provider")}</>;
    case "service":
      return <>{t("actor.service", { name })}</>;
    case "anonymous":
      return <>{t("actor.visitor")}</>;
    case "client":
    case "account":
      return <>{t("actor.client")}</>;
    default:
      return <>{actor}</>;
  }
}
