/** What somebody may have typed or pasted into the search; `text` is the id alone, if there is one. */
type Asked = { text: string; kind: "id" | "order" | "mail" | "words" };

/** What is pasted along with an id: quotes, brackets, signs of a sentence. */
const WRAPPING = /^[\s'"`“”‘’«»<>()[\]{}|,.;:!?#]+|[\s'"`“”‘’«»<>()[\]{}|,.;:!?#]+$/g;
const UUID = /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z-])/gi;
const BARE_UUID = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i;
const ORDER = /(?<![0-9a-z])HQADZ-[0-9A-Z]+-[0-9A-Z]+(?![0-9a-z-])/gi;
const MAIL = /^[^\s@]+@[^\s@]+$/;
/** What may be the id of something else: a stream, a payment, a chat, a Telegram user. */
const OTHER_ID = /^(?=.*\d)[\w+@:./-]{5,300}$|^@\w{4,}$/;

/** Returns what a text asks for; what stands around its only id, such as a link or a stream's category, is left out. */
export function askedBy(typed: string): Asked {
  const bare = typed.replace(WRAPPING, "").replace(/^mailto:/i, "");
  const order = onlyOne(bare.match(ORDER)?.map((found) => found.toUpperCase()));
  if (order !== null) return { text: order, kind: "order" };
  const id = onlyOne(bare.match(UUID)?.map((found) => found.toLowerCase()));
  if (id !== null) return { text: id, kind: "id" };
  const digits = BARE_UUID.exec(bare);
  if (digits !== null) return { text: digits.slice(1).join("-").toLowerCase(), kind: "id" };
  if (MAIL.test(bare)) return { text: bare, kind: "mail" };
  return { text: typed.trim(), kind: "words" };
}

/** Returns what the event explorer may know a text by, exactly as it was pasted; null for words. */
export function explorable(typed: string): string | null {
  const bare = typed.replace(WRAPPING, "");
  return askedBy(typed).kind !== "words" || OTHER_ID.test(bare) ? bare : null;
}

/** Returns the address of the event explorer's search; digits stay a text there, since a number may not be exact. */
export const explorerOf = (id: string): string =>
  `/operator/events?id=${encodeURIComponent(JSON.stringify(id))}`;

function onlyOne(found: string[] | undefined): string | null {
  const [first, ...others] = new Set(found);
  return first !== undefined && others.length === 0 ? first : null;
}

/** Returns whether each word of a text begins somewhere in what is looked through. */
export function matches(text: string, ...within: (string | null | undefined)[]): boolean {
  const all = within.join(" ").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
