import { useNavigate } from "@tanstack/react-router";
import { useListOwner } from "../../../api/list-scope";

/** Returns a function that opens a list, or the table of all for null, once something is saved, deleted or given up. */
export function useGoToList(): (list: string | null) => void {
  const navigate = useNavigate();
  const account = useListOwner();
  const ignoreBlocker = true; // nothing unsaved is lost
  return (list) => {
    if (account === null) {
      void (list === null
        ? navigate({ to: "/group-lists", ignoreBlocker })
        : navigate({ to: "/group-lists/$list", params: { list }, ignoreBlocker }));
    } else {
      void (list === null
        ? navigate({ to: "/operator/accounts/$account/group-lists", params: { account }, ignoreBlocker })
        : navigate({
            to: "/operator/accounts/$account/group-lists/$list",
            params: { account, list },
            ignoreBlocker,
          }));
    }
  };
}
