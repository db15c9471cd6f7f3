import { useEffect, useState } from "react";
import { useSession } from "../api/account";
import { type LiveState, listen } from "./listening";

/** Keeps the page's data fresh while somebody is signed in; returns the state of the connection. */
export function useLive(): LiveState {
  const account = useSession()?.account.id;
  const admin = useSession()?.account.role === "ADMIN";
  const [state, setState] = useState<LiveState>("connecting");
  useEffect(() => {
    if (account === undefined) return;
    const stop = new AbortController();
    void listen({ admin, signal: stop.signal, onState: setState });
    return () => stop.abort();
  }, [account, admin]);
  return state;
}
