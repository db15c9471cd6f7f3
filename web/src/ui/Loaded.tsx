import { Skeleton, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { isUnreachable } from "../api/problem";
import classes from "./Loaded.module.css";
import { ProblemNotice } from "./ProblemNotice";

type Props<T> = {
  query: UseQueryResult<T>;
  rows?: number;
  /** The shape of what will be here, where it is no list. */
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
};

/**
 * Shows what a query brought: a skeleton first, and old data while new comes.
 *
 * A problem is shown above the old data, or instead of any; that the service can't be reached, the frame says already.
 */
export function Loaded<T>({ query, rows = 4, skeleton, children }: Props<T>) {
  const error = useFailure(query);
  const notice = error !== null && <ProblemNotice error={error} onRetry={() => void query.refetch()} />;
  if (query.data !== undefined) {
    const said = isOfNextPage(query) || isUnreachable(error);
    return (
      <>
        {!said && notice}
        {children(query.data)}
      </>
    );
  }
  if (error !== null) return notice;
  if (skeleton !== undefined) {
    return (
      <div className={classes.late} aria-busy="true">
        {skeleton}
      </div>
    );
  }
  return (
    <Stack gap="sm" className={classes.late} aria-busy="true">
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((key) => (
        <Skeleton key={key} height={40} />
      ))}
    </Stack>
  );
}

/** Whether a list's next page could not be read, which is said at its end. */
const isOfNextPage = (query: object) =>
  "isFetchNextPageError" in query && query.isFetchNextPageError === true;

/** Returns why a query failed; while it is read again without anything to show, why it failed the last time. */
function useFailure({ data, error, errorUpdatedAt }: UseQueryResult<unknown>): Error | null {
  const [last, setLast] = useState<{ error: Error; at: number } | null>(null);
  if (error !== null && last?.error !== error) setLast({ error, at: errorUpdatedAt });
  if (error !== null || data !== undefined) return error;
  return last !== null && last.at === errorUpdatedAt ? last.error : null;
}
