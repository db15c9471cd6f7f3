import { CopyText } from "./CopyText";
import { shortened } from "./shortened";

/** An id in mono, its middle left out, with a button that copies all of it. */
export function Id({ value }: { value: string }) {
  return <CopyText value={value} shown={shortened(value)} />;
}
