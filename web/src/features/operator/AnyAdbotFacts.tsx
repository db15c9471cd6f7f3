import { Alert, Card } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AdminAdbot } from "../../api/schema";
import { Fact, Facts } from "../../ui/Facts";
import { Id } from "../../ui/Id";
import { ActivityLink } from "./ActivityLink";
import { EventsLink } from "./EventsLink";
import { OrderLink } from "./OrderLink";

/** Whose adbot it is, what it came of, and why it is suspended. */
export function AnyAdbotFacts({ adbot }: { adbot: AdminAdbot }) {
  const { t } = useTranslation();
  return (
    <>
      {adbot.suspend_reason !== null && (
        <Alert color="red" icon={<IconLock size={18} />}>
          {t("opAdbots.suspendedFor", { reason: adbot.suspend_reason })}
        </Alert>
      )}
      <Card>
        <Facts columns>
          <Fact name={t("orders.number")}>
            <OrderLink order={adbot.order_number} />
          </Fact>
          <Fact name={t("opAdbots.id")}>
            <Id value={adbot.id} />
          </Fact>
          <Fact name={t("opAdbots.privateIds")}>
            {adbot.private_ids ? t("opAdbots.allowed") : t("opAdbots.notAllowed")}
          </Fact>
          <Fact name={t("nav.activity")}>
            <ActivityLink text={adbot.id} />
          </Fact>
          <Fact name={t("nav.events")}>
            <EventsLink id={adbot.id} />
          </Fact>
        </Facts>
      </Card>
    </>
  );
}
