import { Textarea } from "@mantine/core";
import { type ClipboardEvent, type DragEvent, type ReactNode, type RefObject, useRef } from "react";
import classes from "./GroupsEditor.module.css";
import { LineNumbers, LineReasons } from "./LineMarks";
import type { BadLine } from "./written";

type Props = {
  area: RefObject<HTMLTextAreaElement | null>;
  label: string;
  description: string;
  /** Says that there are bad lines; they are listed by `BadLineList`. */
  error: ReactNode;
  value: string;
  bad: readonly BadLine[];
  onChange: (value: string) => void;
  onFile: (file: File) => void;
};

/** A text of groups with numbered lines; a bad one is marked where it stands, with the reason behind it. */
export function GroupsEditor({ area, label, description, error, value, bad, onChange, onFile }: Props) {
  const numbers = useRef<HTMLDivElement>(null);
  const reasons = useRef<HTMLDivElement>(null);

  const follow = ({ scrollTop, scrollLeft }: HTMLTextAreaElement) => {
    if (numbers.current !== null) numbers.current.scrollTop = scrollTop;
    if (reasons.current !== null) {
      reasons.current.scrollTop = scrollTop;
      reasons.current.scrollLeft = scrollLeft;
    }
  };
  const take = (event: DragEvent | ClipboardEvent, file: File | undefined) => {
    if (file === undefined) return;
    event.preventDefault();
    onFile(file);
  };

  return (
    <Textarea
      ref={area}
      autosize
      minRows={8}
      maxRows={20}
      wrap="off"
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      label={label}
      description={description}
      error={error}
      value={value}
      classNames={{ wrapper: classes.wrapper, input: classes.input }}
      onChange={(event) => onChange(event.currentTarget.value)}
      onScroll={(event) => follow(event.currentTarget)}
      onDrop={(event) => take(event, event.dataTransfer.files[0])}
      onPaste={(event) => take(event, event.clipboardData.files[0])}
      inputContainer={(input) => (
        <div className={bad.length > 0 ? `${classes.editor} ${classes.bad}` : classes.editor}>
          <LineNumbers scrolled={numbers} count={value.split("\n").length} bad={bad} />
          <div className={classes.body}>
            <LineReasons scrolled={reasons} text={value} bad={bad} />
            {input}
          </div>
        </div>
      )}
    />
  );
}
