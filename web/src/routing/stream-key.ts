import type { StreamKey } from "../api/system";
import { SERVICES } from "./states";

/** Returns the blocked stream that an address names; null if it names none. */
export function streamKey(value: unknown): StreamKey | null {
  if (typeof value !== "object" || value === null) return null;
  const { service, reader, source, stream } = value as Record<string, unknown>;
  const known = SERVICES.find((one) => one === service);
  if (known === undefined || typeof reader !== "string") return null;
  if (typeof source !== "string" || typeof stream !== "string") return null;
  return { service: known, reader, source, stream };
}
