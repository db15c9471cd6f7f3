import { Group, Select, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ActivityFilter } from "../../api/activity";
import { SearchField } from "../../ui/SearchField";
import { actorOf } from "./things";
import { useActWords } from "./useActWords";

type Props = { filter: ActivityFilter; onChange: (filter: ActivityFilter) => void };

/** The log's filters: who, what, which thing, from and to. */
export function ActivityFilters({ filter, onChange }: Props) {
  const { t } = useTranslation();
  const { operations, say } = useActWords();
  const set = (key: keyof ActivityFilter, value: string | null) => {
    const { [key]: _, ...others } = filter;
    onChange(value ? { ...others, [key]: value } : others);
  };
  return (
    <Group gap="sm">
      <SearchField
        label={t("opActivity.thingSearch")}
        value={filter.text ?? ""}
        onSearch={(next) => set("text", next)}
      />
      <SearchField
        label={t("opActivity.whoSearch")}
        value={filter.actor ?? ""}
        onSearch={(next) => set("actor", actorOf(next))}
      />
      <Select
        clearable
        searchable
        size="xs"
        aria-label={t("opActivity.what")}
        placeholder={t("opActivity.what")}
        data={operations.map((value) => ({ value, label: say(value) }))}
        value={operations.find((one) => one === filter.operation) ?? null}
        onChange={(next) => set("operation", next)}
      />
      <Day label={t("opActivity.from")} value={filter.from} onChange={(next) => set("from", next)} />
      <Day label={t("opActivity.to")} value={filter.to} onChange={(next) => set("to", next)} />
    </Group>
  );
}

type DayProps = { label: string; value: string | undefined; onChange: (value: string) => void };

function Day({ label, value, onChange }: DayProps) {
  return (
    <TextInput
      size="xs"
      type="date"
      aria-label={label}
      leftSection={
        <Text size="xs" c="var(--quiet)">
          {label}
        </Text>
      }
      leftSectionWidth={48}
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
