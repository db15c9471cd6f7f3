import { PublicFrame } from "./frame/PublicFrame";
import { MissingPage } from "./MissingPage";

/** What an address shows at which there is no page. */
export function MissingScreen() {
  return (
    <PublicFrame>
      <MissingPage />
    </PublicFrame>
  );
}
