import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { TextFormat } from "../../../api/schema";
import classes from "./FormattedText.module.css";
import { htmlPieces, type Kind, markdownPieces, type Piece } from "./pieces";

/** A text as Telegram will show it. */
export function FormattedText({ text, format }: { text: string; format: TextFormat }) {
  return (
    <Text component="div" size="md" className={classes.text}>
      <Pieces pieces={piecesOf(text, format)} />
    </Text>
  );
}

function piecesOf(text: string, format: TextFormat): Piece[] {
  if (format === "markdown") return markdownPieces(text);
  return format === "html" ? htmlPieces(text) : [text];
}

function Pieces({ pieces }: { pieces: Piece[] }): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text have no other identity
  return pieces.map((piece, index) => <OnePiece key={index} piece={piece} />);
}

function OnePiece({ piece }: { piece: Piece }) {
  if (typeof piece === "string") return piece;
  const content = <Pieces pieces={piece.children} />;
  if (piece.kind === "link") {
    return (
      <span className={classes.link} title={piece.href}>
        {content}
      </span>
    );
  }
  if (piece.kind === "hidden") return <span className={classes.hidden}>{content}</span>;
  const Tag = ELEMENTS[piece.kind];
  return <Tag>{content}</Tag>;
}

const ELEMENTS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  struck: "s",
  code: "code",
  pre: "pre",
  quote: "blockquote",
} as const satisfies Record<Exclude<Kind, "link" | "hidden">, string>;
