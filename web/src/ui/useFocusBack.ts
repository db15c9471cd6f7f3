import { useEffect, useState } from "react";

/** Gives the focus back, when a dialog is closed, to what had it before. */
export function useFocusBack(): void {
  const [from] = useState(focused);
  useEffect(
    () => () => {
      setTimeout(() => from instanceof HTMLElement && from.isConnected && from.focus());
    },
    [from],
  );
}

/** Returns what has the focus; for an item of a menu, which closes, the button that opened the menu. */
function focused(): Element | null {
  const menu = document.activeElement?.closest("[role=menu]") ?? null;
  const button = document.getElementById(menu?.getAttribute("aria-labelledby") ?? "");
  return button ?? document.activeElement;
}
