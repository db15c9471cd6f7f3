import type { RefObject } from "react";
import classes from "./GroupsEditor.module.css";
import { type BadLine, between } from "./written";

type Scrolled = { scrolled: RefObject<HTMLDivElement | null>; bad: readonly BadLine[] };

/** The numbers of the lines, those of bad ones with a sign. */
export function LineNumbers({ scrolled, count, bad }: Scrolled & { count: number }) {
  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => String(from + index + 1)).join("\n");
  return (
    <div ref={scrolled} className={classes.gutter} aria-hidden="true">
      {between(bad, count).map((piece) => (
        <span key={piece.from} className={piece.bad === null ? classes.plain : classes.marked}>
          {piece.bad === null ? numbered(piece.from, piece.to) : `! ${piece.from + 1}`}
        </span>
      ))}
    </div>
  );
}

/** The reasons behind the bad lines, below the text that is written; the same is listed for those who do not see. */
export function LineReasons({ scrolled, text, bad }: Scrolled & { text: string }) {
  const lines = text.split("\n");
  return (
    <div ref={scrolled} className={classes.reasons} aria-hidden="true">
      {between(bad, lines.length).map((piece) =>
        piece.bad === null ? (
          <span key={piece.from} className={classes.plain}>
            {"\n".repeat(piece.to - piece.from)}
          </span>
        ) : (
          <span key={piece.from} className={classes.line}>
            <span className={classes.hidden}>{lines[piece.from]}</span>
            <span className={classes.reason}>{piece.bad.reason}</span>
          </span>
        ),
      )}
    </div>
  );
}
