import type { StockedSession } from "../../api/schema";
import { shortened } from "../../ui/shortened";

/** Returns what tells a session from all others: masked phone numbers may be the same. */
export const sessionName = ({ phone, session }: Pick<StockedSession, "phone" | "session">): string =>
  `${phone} (${shortened(session)})`;
