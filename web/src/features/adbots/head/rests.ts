import type { SeatFigures } from "../../../api/schema";

type Resting = { count: number; all: boolean; until: string };

/** Returns which seats rest: how many, whether all do, and until when the first one does; null if none. */
export function restingOf(seats: readonly Pick<SeatFigures, "rests_until">[], now: number): Resting | null {
  const ends = seats
    .map((seat) => seat.rests_until)
    .filter((until) => until !== null)
    .filter((until) => Date.parse(until) > now)
    .sort((one, other) => Date.parse(one) - Date.parse(other));
  const [first] = ends;
  return first === undefined ? null : { count: ends.length, all: ends.length === seats.length, until: first };
}
