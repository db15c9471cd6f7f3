import { Alert, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { EventTree } from "../../api/schema";
import { When } from "../../ui/When";
import { Unanswered } from "../system/Unanswered";
import { EventPanel } from "./EventPanel";
import classes from "./Events.module.css";
import { gapText } from "./gap";
import { FoldRow, TreeRowView } from "./TreeRowView";
import { treeRows } from "./tree-rows";

type Props = { tree: EventTree; selected?: string };

/** A correlated tree: causes above their effects, with the time from each to the next. */
export function EventTreeView({ tree, selected }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => treeRows(tree.nodes, opened, selected), [tree.nodes, opened, selected]);
  const select = (event: string | null) =>
    void navigate({
      to: "/operator/events/tree/$correlation",
      params: { correlation: tree.correlation_id },
      search: event === null ? {} : { event },
      replace: true,
      resetScroll: false,
    });
  return (
    <Stack gap="sm">
      <Unanswered services={tree.unanswered} />
      <Text size="sm" c="var(--quiet)">
        {t("events.tree.summary", {
          count: tree.nodes.length + tree.left_out,
          time: gapText(tree.seconds),
          streams: new Set(tree.nodes.map((one) => one.stream)).size,
        })}{" "}
        <When at={tree.began_at} />
      </Text>
      <ol
        className={`${classes.list} ${classes.framed}`}
        aria-label={t("events.tree.title")}
        onKeyDown={move}
      >
        {rows.map((row) => (
          <li key={row.key}>
            {row.kind === "fold" ? (
              <FoldRow
                depth={row.depth}
                siblings={row.siblings}
                onOpen={() => setOpened((before) => new Set([...before, row.key]))}
              />
            ) : (
              <TreeRowView
                event={row.event}
                lasts={tree.seconds}
                selected={row.event.id === selected}
                onSelect={() => select(row.event.id)}
              />
            )}
          </li>
        ))}
      </ol>
      {tree.left_out > 0 && (
        <Alert color="gray" variant="light">
          {t("events.tree.leftOut", { count: tree.left_out })}
        </Alert>
      )}
      <EventPanel event={selected ?? null} onClose={() => select(null)} />
    </Stack>
  );
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** Moves the focus to the line below or above. */
function move(event: KeyboardEvent<HTMLOListElement>): void {
  const step = STEPS[event.key];
  if (step === undefined) return;
  const lines = [...event.currentTarget.querySelectorAll("button")];
  const at = lines.findIndex((one) => one.isSameNode(document.activeElement));
  const next = lines[at + step];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
