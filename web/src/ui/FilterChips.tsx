import { Chip, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

type Props<T extends string> = {
  /** What is chosen, for those who don't see the chips. */
  label: string;
  options: readonly T[];
  /** What a chip says. */
  text: (option: T) => string;
  /** What the first chip says, where it is more than "All". */
  all?: string;
  /** Undefined: all. */
  value: T | undefined;
  onChange: (value: T | undefined) => void;
};

const ALL = "";

/** One filter of a list as chips, each saying what it holds; the first one takes the filter away. */
export function FilterChips<T extends string>({ label, options, text, all, value, onChange }: Props<T>) {
  const { t } = useTranslation();
  const choices = [{ value: ALL, says: all ?? t("common.all") }].concat(
    options.map((option) => ({ value: option, says: text(option) })),
  );
  return (
    <Chip.Group value={value ?? ALL} onChange={(next) => onChange(options.find((option) => option === next))}>
      <Group gap={6} role="radiogroup" aria-label={label}>
        {choices.map((choice) => (
          <Chip key={choice.value} value={choice.value} size="xs" radius="sm" variant="light">
            {choice.says}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}
