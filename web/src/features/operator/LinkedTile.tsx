import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Tile } from "../../ui/Tile";
import classes from "./operator.module.css";

type Props = { name: string; value: ReactNode; to: Pick<LinkProps, "to" | "params" | "search" | "hash"> };

/** A figure that leads to what it counts. */
export function LinkedTile({ name, value, to }: Props) {
  return (
    <Link {...to} className={classes.tile}>
      <Tile name={name} value={value} />
    </Link>
  );
}
