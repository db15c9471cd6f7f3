import { createContext, useContext } from "react";

/** Whose group lists a page shows: null for the caller's own, else the account's, as the operator. */
export const ListOwnerContext = createContext<string | null>(null);

export const useListOwner = (): string | null => useContext(ListOwnerContext);
