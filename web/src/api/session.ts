/** Who is signed in: the access token lives in this page's memory, the refresh token in a cookie that no script reads. */

import { ApiError } from "./problem";
import { queries } from "./queries";
import type { SignedIn } from "./schema";

const CSRF_COOKIES = ["__Host-adrelay_csrf", "adrelay_csrf"];
const EARLY_MS = 30_000;

type Listener = () => void;

let current: SignedIn | null = null;
let validUntil = 0;
let refreshing: Promise<SignedIn | null> | null = null;
const listeners = new Set<Listener>();

export function session(): SignedIn | null {
  return current;
}

/** Calls the listener at each sign-in and sign-out, until the returned function is called. */
export function onSession(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function signedIn(next: SignedIn | null): void {
  current = next;
  validUntil = next === null ? 0 : Date.now() + next.expires_in * 1000 - EARLY_MS;
  for (const listener of listeners) listener();
}

/** Returns a valid access token; null if nobody is signed in. Pages that ask at the same time share one refresh. */
export async function accessToken(): Promise<string | null> {
  if (current !== null && Date.now() < validUntil) return current.token;
  return (await refresh())?.token ?? null;
}

/** Gets the next tokens by the cookie; null without one, or if its device was signed out. */
export function refresh(): Promise<SignedIn | null> {
  refreshing ??= refreshOnce().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** Returns the header that shows the gateway that this site's own page sends the cookie. */
export function csrfHeader(): Record<string, string> {
  const token = cookie(CSRF_COOKIES);
  return token === null ? {} : { "X-CSRF-Token": token };
}

async function refreshOnce(): Promise<SignedIn | null> {
  if (cookie(CSRF_COOKIES) === null) return null;
  const answer = await fetch("/api/v1/auth/refresh", { method: "POST", headers: csrfHeader() }).catch(() => {
    throw new ApiError(0, {}, null);
  });
  if (answer.ok) {
    const next = (await answer.json()) as SignedIn;
    // somebody else may have signed in on another tab
    if (current !== null && next.account.id !== current.account.id) queries.clear();
    signedIn(next);
  } else if (answer.status === 401 || answer.status === 403) {
    signedIn(null);
  } else {
    throw new ApiError(answer.status, await answer.json().catch(() => ({})), null);
  }
  return current;
}

function cookie(names: string[]): string | null {
  for (const part of document.cookie.split("; ")) {
    const [name, value] = part.split("=", 2);
    if (name !== undefined && names.includes(name) && value) return value;
  }
  return null;
}
