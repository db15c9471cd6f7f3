import type { ApiKeyView } from "../../api/schema";
import { shortened } from "../../ui/shortened";

/** Returns what tells a key from all others: several may have the same name. */
export const keyName = ({ name, id }: ApiKeyView): string => `${name} (${shortened(id)})`;
