import { Button, Group, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";

/** Takes any id, as it was copied; what it leads to is shown by the page of events. */
export function SearchBox({ text = "", helps = false }: { text?: string; helps?: boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [typed, setTyped] = useState(text);
  const search = (event: FormEvent) => {
    event.preventDefault();
    const id = typed.trim();
    if (id !== "") void navigate({ to: "/operator/events", search: (before) => ({ ...before, id }) });
  };
  return (
    <form onSubmit={search}>
      <Group gap="xs" align="flex-end">
        <TextInput
          flex={1}
          miw={220}
          label={t("events.search.label")}
          {...(helps ? { description: t("events.search.help") } : {})}
          leftSection={<IconSearch size={16} />}
          value={typed}
          maxLength={300}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit">{t("events.search.act")}</Button>
      </Group>
    </form>
  );
}
