import { Skeleton, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import classes from "./Loaded.module.css";
import { ProblemNotice } from "./ProblemNotice";

type Props<T> = { query: UseQueryResult<T>; rows?: number; children: (data: T) => ReactNode };

/** Shows what a query brought: a skeleton first, old data while new comes, the problem if there is nothing. */
export function Loaded<T>({ query, rows = 4, children }: Props<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) {
    return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  }
  return (
    <Stack gap="sm" className={classes.late} aria-busy="true">
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((key) => (
        <Skeleton key={key} height={40} />
      ))}
    </Stack>
  );
}
