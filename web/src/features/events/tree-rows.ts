import type { TreeEvent } from "../../api/schema";

const KEPT = 5;

/** A line of a drawn tree: an event, or siblings that are folded away with all that followed from them. */
type TreeRow =
  | { kind: "event"; key: string; event: TreeEvent }
  | { kind: "fold"; key: string; depth: number; siblings: number };

type Branch = { event: TreeEvent; effects: Branch[] };

/** Returns the lines of a tree. Of many siblings the middle ones are folded, unless their fold is opened. */
export function treeRows(nodes: TreeEvent[], opened: ReadonlySet<string>, keep?: string): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (branch: Branch) => {
    rows.push({ kind: "event", key: branch.event.id, event: branch.event });
    addAll(branch.effects, `of ${branch.event.id}`);
  };
  const addAll = (siblings: Branch[], key: string) => {
    const [first] = siblings;
    if (first === undefined) return;
    const folds = siblings.length > 2 * KEPT + 1 && !opened.has(key);
    const middle = folds ? siblings.slice(KEPT, -KEPT) : [];
    if (!folds || middle.some((one) => holds(one, keep))) {
      for (const one of siblings) add(one);
      return;
    }
    for (const one of siblings.slice(0, KEPT)) add(one);
    rows.push({ kind: "fold", key, depth: first.event.depth, siblings: middle.length });
    for (const one of siblings.slice(-KEPT)) add(one);
  };
  addAll(branches(nodes), "roots");
  return rows;
}

/** Returns the roots of events that are in the order of a walk: each cause before its effects. */
function branches(nodes: TreeEvent[]): Branch[] {
  const roots: Branch[] = [];
  const above: Branch[] = [];
  for (const event of nodes) {
    const branch: Branch = { event, effects: [] };
    above.length = Math.min(above.length, event.depth);
    (above.at(-1)?.effects ?? roots).push(branch);
    above.push(branch);
  }
  return roots;
}

function holds(branch: Branch, id: string | undefined): boolean {
  return id !== undefined && (branch.event.id === id || branch.effects.some((one) => holds(one, id)));
}
