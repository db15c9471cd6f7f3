import { Button, UnstyledButton } from "@mantine/core";
import { IconCornerDownRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { TreeEvent } from "../../api/schema";
import { withShortIds } from "../../ui/shortened";
import classes from "./Events.module.css";
import { gapText } from "./gap";
import { ServiceName } from "./ServiceName";
import { TimeBar } from "./TimeBar";

const STEP = 18;
const DEEPEST = 10;

/** Space before a line, by its depth; the depth of very deep ones is not drawn further. */
function Indent({ depth }: { depth: number }) {
  const width = Math.min(depth, DEEPEST) * STEP;
  return width === 0 ? null : (
    <svg width={width} height={14} aria-hidden="true">
      <IconCornerDownRight x={width - 15} size={14} stroke={1.5} opacity={0.6} />
    </svg>
  );
}

type Props = { event: TreeEvent; lasts: number; selected: boolean; onSelect: () => void };

/** A line of a tree: what happened, where, who asked for it, and how long it took. */
export function TreeRowView({ event, lasts, selected, onSelect }: Props) {
  const { t } = useTranslation();
  const ofService = event.actor.startsWith("service:");
  return (
    <UnstyledButton
      className={classes.row}
      data-meant={selected || undefined}
      aria-pressed={selected}
      onClick={onSelect}
    >
      <span className={classes.what}>
        <Indent depth={event.depth} />
        <span className={classes.type}>{event.type}</span>
        <span className={classes.mono} title={event.stream}>
          {t("events.at", { stream: withShortIds(event.stream), version: event.version })}
        </span>
        {!ofService && (
          <span className={classes.quiet} title={event.actor}>
            {t("events.by", { actor: withShortIds(event.actor) })}
          </span>
        )}
      </span>
      <ServiceName service={event.service} />
      <span className={`${classes.time} ${classes.after}`}>
        <Passed event={event} />
      </span>
      <TimeBar event={event} lasts={lasts} />
    </UnstyledButton>
  );
}

/** The time since the cause; of an event without one here, since the beginning of the tree. */
function Passed({ event }: { event: TreeEvent }) {
  const { t } = useTranslation();
  if (event.seconds_since_cause !== null) {
    return t("events.tree.after", { time: gapText(event.seconds_since_cause) });
  }
  return event.seconds === 0
    ? t("events.tree.begin")
    : t("events.tree.later", { time: gapText(event.seconds) });
}

type FoldProps = { depth: number; siblings: number; onOpen: () => void };

/** Siblings that are folded away. */
export function FoldRow({ depth, siblings, onOpen }: FoldProps) {
  const { t } = useTranslation();
  return (
    <div className={classes.gap}>
      <Indent depth={depth} />
      <Button size="compact-xs" variant="subtle" onClick={onOpen}>
        {t("events.tree.fold", { count: siblings })}
      </Button>
    </div>
  );
}
