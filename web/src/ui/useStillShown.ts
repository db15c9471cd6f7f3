import { useCallback, useEffect, useRef } from "react";

/** Returns a function that says whether what calls this is still shown: an answer may come after somebody left. */
export function useStillShown(): () => boolean {
  const shown = useRef(false);
  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
    };
  }, []);
  return useCallback(() => shown.current, []);
}
