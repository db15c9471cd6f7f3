import type { TreeEvent } from "../../api/schema";
import classes from "./Events.module.css";

const WIDTH = 1000;
const LEAST = 12;

/** When an event happened on the time line of its tree; what is paler is the time since its cause. */
export function TimeBar({ event, lasts }: { event: TreeEvent; lasts: number }) {
  const scale = lasts > 0 ? (WIDTH - LEAST) / lasts : 0;
  const at = event.seconds * scale;
  const waited = Math.max(0, event.seconds_since_cause ?? 0) * scale;
  return (
    <svg
      className={classes.bar}
      data-service={event.service}
      viewBox={`0 0 ${WIDTH} 10`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect className={classes.lane} x={0} y={4.5} width={WIDTH} height={1} />
      <rect className={classes.wait} x={Math.max(0, at - waited)} y={3} width={waited} height={4} />
      <rect x={at} y={0} width={LEAST} height={10} rx={1} />
    </svg>
  );
}
