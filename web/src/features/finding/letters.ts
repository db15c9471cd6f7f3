/** What a key means where nobody types: a place after `g`, the search, or the list of keys. */
type Meaning = { act: "search" | "list" } | { act: "go"; to: string } | { act: "begin" } | null;

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">;

/** Returns what a key means; `begun` says that the key before was `g`, and `places` has paths by their letters. */
export function meaningOf(pressed: Pressed, begun: boolean, places: ReadonlyMap<string, string>): Meaning {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
  const to = begun ? places.get(pressed.key.toLowerCase()) : undefined;
  if (to !== undefined) return { act: "go", to };
  switch (pressed.key) {
    case "g":
      return { act: "begin" };
    case "/":
      return { act: "search" };
    case "?":
      return { act: "list" };
    default:
      return null;
  }
}

/** Returns whether somebody types there, so that letters are no shortcuts. */
export function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest("input, textarea, select, [role=dialog], [role=menu]") !== null)
  );
}
