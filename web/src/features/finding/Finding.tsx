import { lazy, Suspense, useCallback, useState } from "react";
import { useLetters } from "./useLetters";

const Finder = lazy(() => import("./Finder").then(({ Finder }) => ({ default: Finder })));
const KeyList = lazy(() => import("./KeyList").then(({ KeyList }) => ({ default: KeyList })));

/** Returns functions that open the search and the list of keys, and what is open. */
export function useFinding() {
  const [open, setOpen] = useState<"search" | "list" | null>(null);
  const search = useCallback(() => setOpen("search"), []);
  const list = useCallback(() => setOpen("list"), []);
  const close = useCallback(() => setOpen(null), []);
  useLetters(search, list);
  const shown = (
    <Suspense>
      {open === "search" && <Finder onClose={close} />}
      {open === "list" && <KeyList onClose={close} />}
    </Suspense>
  );
  return { search, list, shown };
}
