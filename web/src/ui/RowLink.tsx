import { Anchor } from "@mantine/core";
import { createLink, type LinkComponent } from "@tanstack/react-router";
import { type AnchorHTMLAttributes, forwardRef } from "react";
import classes from "./DataTable.module.css";

const Opening = forwardRef<HTMLAnchorElement, AnchorHTMLAttributes<HTMLAnchorElement>>((props, ref) => (
  <Anchor ref={ref} {...props} className={classes.opens} />
));

const Linked = createLink(Opening);

/** The link of a table's row, which opens wherever the row is pressed. */
export const RowLink: LinkComponent<typeof Opening> = (props) => <Linked {...props} />;
