import type { ReactNode } from "react";
import classes from "./Facts.module.css";

type Props = {
  /** In columns, each with its name above; else in lines, with the names beside. */
  columns?: boolean;
  children: ReactNode;
};

/** Facts about one thing, each with its name. */
export function Facts({ columns = false, children }: Props) {
  return <dl className={columns ? classes.columns : classes.lines}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className={classes.name}>{name}</dt>
      <dd className={classes.value}>{children}</dd>
    </div>
  );
}
