/** The things that operators act on, as the paths of their acts name them. */

import { decoded } from "../../paths";

export type Thing = { kind: "account" | "adbot" | "order" | "session" | "plan" | "notice"; id: string };

const KINDS: [RegExp, Thing["kind"]][] = [
  [/\/adbots\/([^/]+)/, "adbot"],
  [/\/orders\/([^/]+)/, "order"],
  [/\/accounts\/([^/]+)\//, "account"],
  [/\/accounts\/([0-9a-f-]{36})$/, "account"],
  [/\/sessions\/([^/]+)/, "session"],
  [/\/plans\/([^/]+)/, "plan"],
  [/\/notices\/([^/]+)/, "notice"],
];

/** Returns what an act was done to; null where its path names nothing. */
export function thingOf(path: string): Thing | null {
  for (const [pattern, kind] of KINDS) {
    const id = pattern.exec(path)?.[1];
    if (id !== undefined) return { kind, id: decoded(id) };
  }
  return null;
}

/** Returns the account behind an actor such as `admin:<account>`; null for the operator's token. */
export function accountOf(actor: string): string | null {
  return /^admin:(.+)$/.exec(actor)?.[1] ?? null;
}

/** Returns the actor that somebody means who pastes an account's id. */
export function actorOf(text: string): string {
  const id = text.toLowerCase().replace(/^admin:/, "");
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? `admin:${id}` : text;
}
