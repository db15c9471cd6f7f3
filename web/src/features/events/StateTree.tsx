import { Button, CopyButton, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./StateTree.module.css";
import type { Entry, Mark } from "./state-diff";

const SHOWN = 20;
const SIGNS: Record<Mark, string> = { same: "", added: "+", changed: "~", removed: "−" };

type Props = { entries: Entry[]; top?: boolean };

/** Names and values, one below the other; what the last event did is marked by a sign and a colour. */
export function StateTree({ entries, top = true }: Props) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const shown = all ? entries : entries.filter((one, index) => index < SHOWN || one.touched);
  const hidden = entries.length - shown.length;
  return (
    <ul className={top ? `${classes.entries} ${classes.top}` : classes.entries}>
      {shown.map((entry) => (
        <li key={`${entry.name} ${entry.mark}`} className={classes.entry} data-mark={entry.mark}>
          {entry.value === null ? <Parts entry={entry} /> : <Value entry={entry} value={entry.value} />}
        </li>
      ))}
      {hidden > 0 && (
        <li>
          <Button size="compact-xs" variant="subtle" onClick={() => setAll(true)}>
            {t("events.state.more", { count: hidden })}
          </Button>
        </li>
      )}
    </ul>
  );
}

function Parts({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  return (
    <details open={entry.entries.length <= SHOWN || entry.touched}>
      <summary>
        <Sign mark={entry.mark} />
        <span className={classes.name}>{entry.name}</span>{" "}
        <span className={classes.name}>{t("events.state.parts", { count: entry.entries.length })}</span>
        {entry.before !== null && <Before text={entry.before} />}
      </summary>
      <StateTree entries={entry.entries} top={false} />
    </details>
  );
}

function Value({ entry, value }: { entry: Entry; value: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Sign mark={entry.mark} />
      <span className={classes.name}>{entry.name}</span>{" "}
      {entry.before !== null && (
        <>
          <Before text={entry.before} /> →{" "}
        </>
      )}
      <CopyButton value={value} timeout={1500}>
        {({ copied, copy }) => (
          <UnstyledButton
            className={classes.value}
            onClick={copy}
            title={t("common.copy")}
            aria-label={`${t("common.copy")}: ${entry.name} ${value}`}
          >
            {copied ? t("common.copied") : value === "" ? "“”" : value}
          </UnstyledButton>
        )}
      </CopyButton>
    </>
  );
}

function Before({ text }: { text: string }) {
  return <del className={classes.before}>{text === "" ? "“”" : text}</del>;
}

function Sign({ mark }: { mark: Mark }) {
  const { t } = useTranslation();
  if (mark === "same") return null;
  return (
    <>
      <span className={classes.sign} aria-hidden="true">
        {SIGNS[mark]}
      </span>
      <VisuallyHidden>{t(`events.state.${mark}`)} </VisuallyHidden>
    </>
  );
}
