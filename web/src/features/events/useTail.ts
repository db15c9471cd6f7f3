import { useCallback, useEffect, useRef, useState } from "react";
import type { ApiError } from "../../api/problem";
import { type Followed, follow } from "../../live/following";
import type { LiveState } from "../../live/listening";
import { EMPTY_TAIL, released, type Tail, type TailLine, withLines } from "./tail-lines";

const TOGETHER_MS = 100;

type Following = {
  tail: Tail;
  state: LiveState;
  problem: ApiError | null;
  /** Whether somebody paused it; with another filter it goes on. */
  paused: boolean;
  pause: (paused: boolean) => void;
  /** Lets further lines wait while the list is scrolled, and shows those that waited once it is not. */
  scroll: (away: boolean) => void;
  /** Shows the lines that wait; while it is paused, further ones wait again. */
  show: () => void;
};

/** Follows events while the page is open; the filter's parts are texts, so that the same ones are the same. */
export function useTail(services: string, types: string, stream: string): Following {
  const [tail, setTail] = useState<Tail>(EMPTY_TAIL);
  const [state, setState] = useState<LiveState>("connecting");
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [paused, setPaused] = useState(false);
  const held = useRef({ paused: false, away: false });
  const hold = useCallback((change: Partial<typeof held.current>) => {
    held.current = { ...held.current, ...change };
    setPaused(held.current.paused);
    if (!isHeld(held.current)) setTail(released);
  }, []);
  useEffect(() => {
    const stop = new AbortController();
    let arrived: TailLine[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const show = () => {
      const lines = arrived;
      arrived = [];
      timer = null;
      setTail((before) => withLines(before, lines, isHeld(held.current)));
    };
    hold({ paused: false, away: false });
    setTail(EMPTY_TAIL);
    const filter = { services: partsOf(services), types: partsOf(types), stream };
    void follow(filter, stop.signal, {
      onState: setState,
      onProblem: setProblem,
      onFollowed: (followed) => {
        arrived.push(lineOf(followed));
        timer ??= setTimeout(show, TOGETHER_MS);
      },
    });
    return () => {
      stop.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [services, types, stream, hold]);
  return {
    tail,
    state,
    problem,
    paused,
    pause: (next) => hold({ paused: next }),
    scroll: (away) => hold({ away }),
    show: () => {
      hold({ away: false });
      setTail(released);
    },
  };
}

const isHeld = ({ paused, away }: { paused: boolean; away: boolean }) => paused || away;

const partsOf = (text: string) => text.split(",").filter((part) => part !== "");

function lineOf(followed: Followed): TailLine {
  return "event" in followed
    ? { kind: "event", key: followed.event.id, event: followed.event }
    : { kind: "gap", key: crypto.randomUUID(), lost: followed.lost };
}
