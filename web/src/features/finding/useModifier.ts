import { useOs } from "@mantine/hooks";

/** Returns the name of the key that goes with letters on this machine. */
export function useModifier(): string {
  const os = useOs();
  return os === "macos" || os === "ios" ? "⌘" : "Ctrl";
}
