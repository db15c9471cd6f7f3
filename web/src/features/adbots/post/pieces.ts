/** A text as Telegram shows it: parts with their formatting, read by the rules of the sending side. */

export type Kind = "bold" | "italic" | "underline" | "struck" | "hidden" | "code" | "pre" | "quote" | "link";
export type Piece = string | { kind: Kind; href: string; children: Piece[] };

const DELIMITERS: [string, Kind][] = [
  ["```", "pre"],
  ["**", "bold"],
  ["__", "italic"],
  ["~~", "struck"],
  ["||", "hidden"],
  ["`", "code"],
];
const LINK = /^\[([\s\S]+?)\]\(([^)\n]+)\)/;

/** Returns the pieces of a text in the markdown of Telegram's clients. */
export function markdownPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = linkAt(text, at) ?? delimitedAt(text, at);
    if (found === null) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain !== "") pieces.push(plain);
    plain = "";
    pieces.push(found.piece);
    at = found.end;
  }
  if (plain !== "") pieces.push(plain);
  return pieces;
}

type Found = { piece: Piece; end: number };

function linkAt(text: string, at: number): Found | null {
  const found = text[at] === "[" ? LINK.exec(text.slice(at)) : null;
  if (found === null) return null;
  const [whole, label = "", href = ""] = found;
  return { piece: { kind: "link", href, children: markdownPieces(label) }, end: at + whole.length };
}

function delimitedAt(text: string, at: number): Found | null {
  const delimiter = DELIMITERS.find(([sign]) => text.startsWith(sign, at));
  if (delimiter === undefined) return null;
  const [sign, kind] = delimiter;
  const begin = at + sign.length;
  const end = text.indexOf(sign, begin + 1);
  if (end < 0) return null;
  const inner = text.slice(begin, end);
  const children = kind === "code" || kind === "pre" ? [inner] : markdownPieces(inner);
  return { piece: { kind, href: "", children }, end: end + sign.length };
}

const TAGS: Record<string, Kind> = {
  B: "bold",
  STRONG: "bold",
  I: "italic",
  EM: "italic",
  U: "underline",
  DEL: "struck",
  S: "struck",
  CODE: "code",
  PRE: "pre",
  BLOCKQUOTE: "quote",
  A: "link",
};

/** Returns the pieces of a text with HTML tags; of a tag that Telegram does not know, what it holds. */
export function htmlPieces(text: string): Piece[] {
  return piecesOf(new DOMParser().parseFromString(text, "text/html").body);
}

function piecesOf(parent: Node): Piece[] {
  return [...parent.childNodes].flatMap((node): Piece[] => {
    if (!(node instanceof Element)) return node.nodeType === Node.TEXT_NODE ? [node.textContent ?? ""] : [];
    const kind = TAGS[node.tagName];
    const children = piecesOf(node);
    return kind === undefined ? children : [{ kind, href: node.getAttribute("href") ?? "", children }];
  });
}
