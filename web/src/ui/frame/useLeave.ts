import { useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useSession } from "../../api/account";
import { ApiError } from "../../api/problem";
import { queries } from "../../api/queries";
import { signedIn } from "../../api/session";

let leaving = false;

/** Returns a function that does an act which signs this device out, and then leads away; it fails if the act does. */
export function useLeaveAfter() {
  const navigate = useNavigate();
  return async (act: () => Promise<unknown>, to: "/" | "/sign-in" = "/"): Promise<void> => {
    leaving = true;
    try {
      await act().catch(unlessSignedOut);
      await navigate({ to, ignoreBlocker: true }); // before all else: what is shown would be fetched again, without a token
      signedIn(null);
      queries.clear();
    } finally {
      leaving = false;
    }
  };
}

function unlessSignedOut(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 401)) throw error;
}

/** Leads to the sign-in and back, when this device was signed out somewhere else. */
export function useLeaveWhenSignedOut(): void {
  const signedOut = useSession() === null;
  const navigate = useNavigate();
  const next = useLocation().href;
  useEffect(() => {
    if (signedOut && !leaving) void navigate({ to: "/sign-in", search: { next }, ignoreBlocker: true });
  }, [signedOut, navigate, next]);
}
