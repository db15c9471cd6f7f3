import { useAnyAccount } from "../../api/operator-accounts";

/** Returns the e-mail address of an account, null while it is not known or if it has none. */
export function useEmailOf(account: string): string | null {
  return useAnyAccount(account).data?.email ?? null;
}
