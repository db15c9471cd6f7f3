import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useListOwner } from "../../../api/list-scope";
import { RowLink } from "../../../ui/RowLink";

/** Leads to a group list, one's own or, as the operator, an account's. */
export function ListLink({ list, children }: { list: string; children: ReactNode }) {
  const account = useListOwner();
  return account === null ? (
    <RowLink to="/group-lists/$list" params={{ list }}>
      {children}
    </RowLink>
  ) : (
    <RowLink to="/operator/accounts/$account/group-lists/$list" params={{ account, list }}>
      {children}
    </RowLink>
  );
}

/** Leads to the page that makes a list. */
export function NewListLink(props: object) {
  const account = useListOwner();
  return account === null ? (
    <Link to="/group-lists/new" {...props} />
  ) : (
    <Link to="/operator/accounts/$account/group-lists/new" params={{ account }} {...props} />
  );
}
