import { useEffect, useRef, useState } from "react";
import { badLines, counted, type Marks, marksOf, rangeOf, writtenGroups } from "./written";

const NONE: Marks = new Map();

/** A text of groups that is being written, and what is wrong with it. */
export function useGroupsText(initial: string) {
  const [before] = useState(initial);
  const [text, setText] = useState(before);
  const [marks, setMarks] = useState(NONE);
  const [wanted, setWanted] = useState<{ line: number } | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const groups = writtenGroups(text);

  useEffect(() => {
    if (wanted === null || area.current === null) return;
    const [start, end] = rangeOf(area.current.value, wanted.line);
    area.current.focus();
    area.current.setSelectionRange(start, end);
    const height = area.current.scrollHeight / Math.max(1, area.current.value.split("\n").length);
    area.current.scrollTop = Math.max(0, (wanted.line - 3) * height);
  }, [wanted]);

  /** Marks what a refusal is about and goes to the first of it; returns whether it is about groups. */
  const mark = (error: unknown): boolean => {
    const found = marksOf(error, groups);
    setMarks(found);
    const first = badLines(groups, found)[0];
    if (first !== undefined) setWanted({ line: first.line });
    return first !== undefined;
  };

  return {
    text,
    setText,
    isChanged: text !== before,
    groups,
    texts: groups.map((group) => group.text),
    count: counted(groups),
    bad: badLines(groups, marks),
    area,
    mark,
    goTo: (line: number) => setWanted({ line }),
    unmark: () => setMarks(NONE),
  };
}

export type GroupsText = ReturnType<typeof useGroupsText>;
