import { Outlet, useParams } from "@tanstack/react-router";
import { ListOwnerContext } from "../../api/list-scope";

/** Around the pages of an account's group lists: they are those of clients, for another account. */
export function ListsOfAccount() {
  const { account = "" } = useParams({ strict: false });
  return (
    <ListOwnerContext value={account}>
      <Outlet />
    </ListOwnerContext>
  );
}
