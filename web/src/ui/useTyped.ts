import { useEffect, useRef, useState } from "react";
import { afterArrival, withSent } from "./typed";

/**
 * Returns what is typed into a field, a function that changes it, and one that notes what was sent of it.
 *
 * It follows a value that is set elsewhere. What was sent comes back as the value, perhaps after more was typed.
 */
export function useTyped(value: string): [string, (text: string) => void, (text: string) => void] {
  const [typed, setTyped] = useState(value);
  const sent = useRef<readonly string[]>([]);
  useEffect(() => {
    const left = afterArrival(sent.current, value);
    sent.current = left ?? [];
    if (left === null) setTyped((before) => (before.trim() === value ? before : value));
  }, [value]);
  const noteSent = (text: string) => {
    sent.current = withSent(sent.current, value, text);
  };
  return [typed, setTyped, noteSent];
}
