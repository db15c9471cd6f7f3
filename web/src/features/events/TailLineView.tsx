import { Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { withShortIds } from "../../ui/shortened";
import { exactTime, preciseTime } from "../../ui/time";
import classes from "./Events.module.css";
import { ServiceName } from "./ServiceName";
import type { TailLine } from "./tail-lines";

/** A line of the tail; an event opens its stream at that event. */
export function TailLineView({ line }: { line: TailLine }) {
  const { t } = useTranslation();
  if (line.kind === "gap") {
    return <div className={classes.gap}>{t("events.tail.gap", { count: line.lost ?? 0 })}</div>;
  }
  const { event } = line;
  return (
    <Link
      to="/operator/events/stream/$stream"
      params={{ stream: event.stream }}
      search={{ version: event.version }}
      className={classes.line}
    >
      <Tooltip label={exactTime(event.at)}>
        <time className={classes.time} dateTime={event.at}>
          {preciseTime(event.at)}
        </time>
      </Tooltip>
      <ServiceName service={event.service} />
      <span className={classes.type}>{event.type}</span>
      <span className={classes.mono} title={event.stream}>
        {t("events.at", { stream: withShortIds(event.stream), version: event.version })}
      </span>
      <span className={classes.preview}>{previewOf(event.data)}</span>
    </Link>
  );
}

/** Returns an event's data on one line. */
function previewOf(data: Record<string, unknown>): string {
  return Object.entries(data)
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ");
}
