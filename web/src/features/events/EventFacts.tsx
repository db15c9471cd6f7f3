import { useTranslation } from "react-i18next";
import type { EventLine } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import { Fact, Facts } from "../../ui/Facts";
import { exactTime } from "../../ui/time";
import { ServiceName } from "./ServiceName";

/** Where an event belongs, when it happened, and what led to it. */
export function EventFacts({ event }: { event: EventLine }) {
  const { t } = useTranslation();
  return (
    <Facts>
      <Fact name={t("events.event.service")}>
        <ServiceName service={event.service} />
      </Fact>
      <Fact name={t("events.event.stream")}>
        <CopyText value={event.stream} />
      </Fact>
      <Fact name={t("events.event.version")}>{event.version}</Fact>
      <Fact name={t("events.event.at")}>{exactTime(event.at)}</Fact>
      <Fact name={t("events.event.actor")}>
        <CopyText value={event.actor} />
      </Fact>
      <Fact name={t("events.event.id")}>
        <CopyText value={event.id} />
      </Fact>
      <Fact name={t("events.event.cause")}>
        <CopyText value={event.causation_id} />
      </Fact>
    </Facts>
  );
}
