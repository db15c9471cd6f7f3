import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./DataTable.module.css";

export type Column<T> = {
  head: string;
  cell: (row: T) => ReactNode;
  /** Aligned at the right, as numbers are. */
  number?: boolean;
};

type Props<T> = { label: string; rows: T[]; rowKey: (row: T, index: number) => string; columns: Column<T>[] };

/** A quiet table; on a phone each row becomes a card with its heads beside the values. */
export function DataTable<T>({ label, rows, rowKey, columns }: Props<T>) {
  return (
    <Table.ScrollContainer minWidth={0} type="native">
      <Table className={classes.table} aria-label={label} highlightOnHover verticalSpacing={9}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column.head} className={column.number ? classes.number : undefined}>
                {column.head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, index) => (
            <Table.Tr key={rowKey(row, index)}>
              {columns.map((column) => (
                <Table.Td
                  key={column.head}
                  data-head={column.head}
                  className={column.number ? classes.number : undefined}
                >
                  {column.cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
