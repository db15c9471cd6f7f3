import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useTyped } from "./useTyped";

const TYPING_MS = 250;

type Props = { label: string; value: string; onSearch: (text: string) => void };

/** A field that looks for a text once somebody stops typing; it follows the address. */
export function SearchField({ label, value, onSearch }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped, noteSent] = useTyped(value);
  const search = useDebouncedCallback((text: string) => {
    noteSent(text.trim());
    onSearch(text.trim());
  }, TYPING_MS);
  const write = (text: string) => {
    setTyped(text);
    search(text);
  };
  return (
    <TextInput
      size="xs"
      w={260}
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={14} />}
      rightSection={
        typed !== "" && <CloseButton size="xs" aria-label={t("common.clear")} onClick={() => write("")} />
      }
      value={typed}
      onChange={(event) => write(event.currentTarget.value)}
    />
  );
}
