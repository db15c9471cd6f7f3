import { Button, Group, UnstyledButton } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { STEPS } from "../../api/events";
import type { EventStream } from "../../api/schema";
import { When } from "../../ui/When";
import classes from "./Events.module.css";

type Props = { page: EventStream; version: number; onSelect: (version: number) => void };

/** The events of a stream around a version. */
export function StepList({ page, version, onSelect }: Props) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const steps = page.steps.length > STEPS ? page.steps.slice(1) : page.steps;
  const first = steps[0]?.version ?? 1;
  const last = steps.at(-1)?.version ?? 1;
  useEffect(() => {
    list.current?.querySelector(`[data-version="${version}"]`)?.scrollIntoView({ block: "nearest" });
  }, [version]);
  return (
    <div>
      <ol
        ref={list}
        className={`${classes.list} ${classes.framed} ${classes.steps}`}
        aria-label={t("events.stream.events")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        tabIndex={0}
      >
        {steps.map((step) => (
          <li key={step.id} data-version={step.version}>
            <UnstyledButton
              className={classes.step}
              aria-pressed={step.version === version}
              onClick={() => onSelect(step.version)}
            >
              <span className={classes.time}>{step.version}</span>
              <span className={classes.type}>{step.type}</span>
              <span className={classes.time}>
                <When at={step.at} />
              </span>
            </UnstyledButton>
          </li>
        ))}
      </ol>
      {page.versions > steps.length && (
        <Group gap="xs" mt="xs">
          <Button
            size="xs"
            variant="default"
            disabled={page.before === null}
            onClick={() => onSelect(Math.max(1, first - 1))}
          >
            {t("events.stream.older")}
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={last >= page.versions}
            onClick={() => onSelect(last + 1)}
          >
            {t("events.stream.newer")}
          </Button>
        </Group>
      )}
    </div>
  );
}
