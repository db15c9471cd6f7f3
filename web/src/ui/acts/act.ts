import type { ReactNode } from "react";

/** Something that a person can do with a thing, after being told what follows. */
export type Act = {
  /** Says the act; it is the button's text, too. */
  title: string;
  /** What will follow, with the thing's name. */
  consequence: string;
  danger?: boolean;
  /** Whether the API records a reason, which is then asked for. */
  reason?: boolean;
  /** What has to be typed before the act can be done. */
  typed?: string;
  /** Further fields of the act. */
  fields?: ReactNode;
  /** Called before it is asked about, so that the fields hold nothing of the last time. */
  begin?: () => void;
  /** A secret that it brings, to which `run` resolves; it is shown once. */
  secret?: { name: string; help: string };
  run: (reason: string) => Promise<unknown>;
};
