/** What this device prefers: kept in the browser, no secret, and nothing that another device would need. */

import { useSyncExternalStore } from "react";

type Preferences = {
  /** The navigation shows icons alone. */
  folded: boolean;
  /** The time zone of all times that are shown; null: the browser's. */
  zone: string | null;
  /** Single letters are shortcuts, where nobody types. */
  letters: boolean;
  language: string;
};

const STORED_AS = "adrelay-device";
const DEFAULTS: Preferences = { folded: false, zone: null, letters: true, language: "en" };

const listeners = new Set<() => void>();
let current = stored();

export const preferences = (): Preferences => current;

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

/** Changes some of the preferences, and keeps them. */
export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(current));
  } catch {
    // a browser that keeps nothing: they last as long as the page
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): Preferences {
  try {
    return preferencesIn(localStorage.getItem(STORED_AS));
  } catch {
    return DEFAULTS;
  }
}

/** Returns the preferences of a stored text; what is missing or of another type is as it is by default. */
export function preferencesIn(text: string | null): Preferences {
  const found: unknown = JSON.parse(text ?? "{}");
  const given: Partial<Record<keyof Preferences, unknown>> =
    typeof found === "object" && found !== null ? found : {};
  return {
    folded: typeof given.folded === "boolean" ? given.folded : DEFAULTS.folded,
    zone: typeof given.zone === "string" && isZone(given.zone) ? given.zone : DEFAULTS.zone,
    letters: typeof given.letters === "boolean" ? given.letters : DEFAULTS.letters,
    language: typeof given.language === "string" ? given.language : DEFAULTS.language,
  };
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format() !== "";
  } catch {
    return false;
  }
}
