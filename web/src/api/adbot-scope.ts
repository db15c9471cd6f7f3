import { createContext, useContext } from "react";

/** Whose adbots a page shows: the caller's own, or any as the operator. */
export type AdbotScope = "own" | "any";

const BASES = {
  own: "/api/v1/adbots/{adbot_id}",
  any: "/api/v1/admin/adbots/{adbot_id}",
} as const;

/** Returns the path of an adbot in the API's document. */
export const adbotPath = (scope: AdbotScope) => BASES[scope];

/** Around views of an adbot that is not the caller's own: `<AdbotScopeContext value="any">`. */
export const AdbotScopeContext = createContext<AdbotScope>("own");

export const useAdbotScope = (): AdbotScope => useContext(AdbotScopeContext);
