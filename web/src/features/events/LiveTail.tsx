import { Button, Group, Stack, Title } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconTimeline } from "@tabler/icons-react";
import { type UIEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../../ui/Empty";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { StateBadge } from "../../ui/StateBadge";
import classes from "./Events.module.css";
import { TailFilters, type TailSearch } from "./TailFilters";
import { TailLineView } from "./TailLineView";
import { waitingEvents } from "./tail-lines";
import { useTail } from "./useTail";

const AWAY = 8;

/** Events as they happen, the latest first; paused, new ones wait behind a button. */
export function LiveTail({ search }: { search: TailSearch }) {
  const { t } = useTranslation();
  const { tail, state, problem, paused, pause, scroll, show } = useTail(
    search.service ?? "",
    search.type ?? "",
    search.stream ?? "",
  );
  const waiting = waitingEvents(tail);
  const list = useRef<HTMLOListElement>(null);
  const showWaiting = () => {
    show();
    list.current?.scrollTo({ top: 0 });
  };
  const onScroll = (event: UIEvent) => scroll(event.currentTarget.scrollTop > AWAY);
  return (
    <Stack gap="sm" component="section" aria-label={t("events.tail.title")}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Title order={2}>{t("events.tail.title")}</Title>
          <StateBadge mood={paused ? "waiting" : state === "open" ? "good" : "quiet"}>
            {paused ? t("events.tail.paused") : t(`events.tail.${state}`)}
          </StateBadge>
        </Group>
        <Button
          size="xs"
          variant="default"
          leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
          onClick={() => pause(!paused)}
        >
          {paused ? t("events.tail.resume") : t("events.tail.pause")}
        </Button>
      </Group>
      <TailFilters search={search} />
      {problem !== null && <ProblemNotice error={problem} />}
      {waiting > 0 && (
        <Button size="xs" variant="light" onClick={showWaiting}>
          {t("events.tail.new", { count: waiting })}
        </Button>
      )}
      {tail.shown.length === 0 ? (
        problem === null && (
          <Empty
            icon={<IconTimeline size={22} />}
            title={t("events.tail.empty")}
            text={t("events.tail.emptyText")}
          />
        )
      ) : (
        <ol
          ref={list}
          className={`${classes.list} ${classes.framed} ${classes.scrolled}`}
          aria-label={t("events.tail.title")}
          onScroll={onScroll}
        >
          {tail.shown.map((line) => (
            <li key={line.key}>
              <TailLineView line={line} />
            </li>
          ))}
        </ol>
      )}
    </Stack>
  );
}
