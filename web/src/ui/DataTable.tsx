import { Table } from "@mantine/core";
import type { MouseEvent, ReactNode } from "react";
import classes from "./DataTable.module.css";
import { whole } from "./size";

export type Column<T> = {
  head: string;
  cell: (row: T) => ReactNode;
  /** Aligned at the right, as numbers are. */
  number?: boolean;
  /** Left out on a phone, where a row shows the facts that matter. */
  minor?: boolean;
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
            <Table.Tr key={rowKey(row, index)} onClick={openByTime}>
              {columns.map((column) => (
                <Table.Td
                  key={column.head}
                  data-head={column.head}
                  data-minor={column.minor || undefined}
                  className={column.number ? classes.number : undefined}
                >
                  {shown(column, row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** Returns what a cell shows; numbers have separators, of columns of numbers alone: an id is none. */
function shown<T>(column: Column<T>, row: T): ReactNode {
  const value = column.cell(row);
  return column.number && typeof value === "number" ? whole(value) : value;
}

/** Presses the link of a row for a time in it, which lies above the link to be pointed at. */
function openByTime({ target, currentTarget, ctrlKey, metaKey, shiftKey }: MouseEvent<HTMLElement>): void {
  if (!(target instanceof HTMLTimeElement)) return;
  const link = currentTarget.querySelector(`.${classes.opens}`);
  link?.dispatchEvent(
    new window.MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey }),
  );
}
