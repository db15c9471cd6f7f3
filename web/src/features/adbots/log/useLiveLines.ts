import { useIntersection } from "@mantine/hooks";
import { useCallback, useEffect } from "react";
import { type LogFilter, logQuery, useLatest, useLog } from "../../../api/adbot-log";
import { useAdbotScope } from "../../../api/adbot-scope";
import { queries } from "../../../api/queries";
import { unseen, withLatest } from "./lines";

const HEADER_PX = 56;

/**
 * Returns a log's lines; later ones wait while its top, where `ref` is, has been scrolled out of sight.
 *
 * `error` says why there may be later ones that could not be read.
 */
export function useLiveLines(adbot: string, filter: LogFilter) {
  const scope = useAdbotScope();
  const query = useLog(adbot, filter);
  const { data: latest, error } = useLatest(adbot, filter);
  const { ref, entry } = useIntersection({ rootMargin: `-${HEADER_PX}px 0px 0px 0px` });
  const scrolled = entry !== null && !entry.isIntersecting && entry.boundingClientRect.top < HEADER_PX;
  const waiting = query.data !== undefined && latest !== undefined ? unseen(query.data, latest).length : 0;
  const show = useCallback(() => {
    if (latest === undefined) return;
    queries.setQueryData(
      logQuery(adbot, scope, filter).queryKey,
      (shown) => shown && withLatest(shown, latest),
    );
  }, [adbot, scope, filter, latest]);
  useEffect(() => {
    if (waiting > 0 && !scrolled) show();
  }, [waiting, scrolled, show]);
  return { query, ref, waiting: scrolled ? waiting : 0, show, error };
}
