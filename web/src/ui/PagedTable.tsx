import { Stack } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Column, DataTable } from "./DataTable";
import { Loaded } from "./Loaded";
import { MoreButton } from "./MoreButton";

type Props<T> = {
  label: string;
  query: UseInfiniteQueryResult<InfiniteData<{ items: T[] }>>;
  rowKey: (row: T) => string;
  columns: Column<T>[];
  /** Shown instead of an empty table. */
  empty: ReactNode;
};

/** A list of the API as a table, page by page. */
export function PagedTable<T>({ label, query, rowKey, columns, empty }: Props<T>) {
  return (
    <Stack gap="md">
      <Loaded query={query} rows={8}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.items);
          return rows.length === 0 ? (
            empty
          ) : (
            <DataTable label={label} rows={rows} rowKey={rowKey} columns={columns} />
          );
        }}
      </Loaded>
      <MoreButton query={query} />
    </Stack>
  );
}
