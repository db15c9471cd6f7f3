/** What became of a value from one state to the next. */
export type Mark = "same" | "added" | "changed" | "removed";

/** A name with its value, or with the entries within it. */
export type Entry = {
  name: string;
  mark: Mark;
  /** The value as text; null if it has entries. */
  value: string | null;
  /** The value of before, if it has changed. */
  before: string | null;
  entries: Entry[];
  /** Whether anything within has changed, or it itself. */
  touched: boolean;
};

const NONE = Symbol("none");

/** Returns the entries of a state, each with what the last event did to it; removed ones are among them. */
export function entriesOf(before: unknown, after: unknown): Entry[] {
  const ofList = listEntries(before, after);
  if (ofList !== null) return ofList;
  const [old, now] = [partsOf(before), partsOf(after)];
  const names = [...now.keys(), ...[...old.keys()].filter((name) => !now.has(name))];
  return names.map((name) =>
    entryOf(name, old.has(name) ? old.get(name) : NONE, now.has(name) ? now.get(name) : NONE),
  );
}

/** Returns entries that are all the same as before. */
export const unmarked = (state: unknown): Entry[] => entriesOf(state, state);

/** Returns the entries of a list of different values by value, so that one less does not change all behind it. */
function listEntries(before: unknown, after: unknown): Entry[] | null {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  if (old === null || now === null) return null;
  const [inOld, inNow] = [new Set(old), new Set(now)];
  const [kept, stay] = [old.filter((one) => inNow.has(one)), now.filter((one) => inOld.has(one))];
  if (kept.some((one, index) => one !== stay[index])) return null;
  return [
    ...now.map((one, index) => leaf(String(index), inOld.has(one) ? "same" : "added", one, null)),
    ...old.flatMap((one, index) => (inNow.has(one) ? [] : [leaf(String(index), "removed", one, null)])),
  ];
}

/** Returns the values of a list as texts; null if it has parts, or one twice. */
function valuesOf(list: unknown): string[] | null {
  if (!Array.isArray(list) || list.some(hasParts)) return null;
  const texts = list.map(textOf);
  return new Set(texts).size === texts.length ? texts : null;
}

function entryOf(name: string, old: unknown, now: unknown): Entry {
  const shown = now === NONE ? old : now;
  if (hasParts(shown)) {
    const mark = old === NONE ? "added" : now === NONE ? "removed" : "same";
    const other = mark === "same" && hasParts(old) ? old : mark === "same" ? undefined : shown;
    const entries = entriesOf(other, shown).map((one) => (mark === "same" ? one : marked(one, mark)));
    return {
      name,
      mark,
      value: null,
      before: mark === "same" && !hasParts(old) ? textOf(old) : null,
      entries,
      touched: mark !== "same" || entries.some((one) => one.touched),
    };
  }
  const value = textOf(shown);
  if (old === NONE) return leaf(name, "added", value, null);
  if (now === NONE) return leaf(name, "removed", value, null);
  const was = hasParts(old) ? JSON.stringify(old) : textOf(old);
  return was === value ? leaf(name, "same", value, null) : leaf(name, "changed", value, was);
}

function leaf(name: string, mark: Mark, value: string, before: string | null): Entry {
  return { name, mark, value, before, entries: [], touched: mark !== "same" };
}

function marked(entry: Entry, mark: Mark): Entry {
  return {
    ...entry,
    mark,
    before: null,
    touched: true,
    entries: entry.entries.map((one) => marked(one, mark)),
  };
}

function hasParts(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function partsOf(value: unknown): Map<string, unknown> {
  return new Map(hasParts(value) ? Object.entries(value) : []);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
