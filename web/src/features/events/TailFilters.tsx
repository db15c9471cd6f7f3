import { Group, MultiSelect, TagsInput, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { SERVICES } from "../../routing/states";
import { useTyped } from "../../ui/useTyped";

/** The filters of the tail as they stand in the address: services and types with commas between. */
export type TailSearch = { service?: string; type?: string; stream?: string };

const NAME = /^[A-Za-z]{1,80}$/;
const PREFIX = /[^A-Za-z0-9_-]/g;

/** Chips and a text, all of them in the address. */
export function TailFilters({ search }: { search: TailSearch }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [prefix, setPrefix, noteSent] = useTyped(search.stream ?? "");
  const change = (name: keyof TailSearch, value: string) => {
    void navigate({
      to: "/operator/events",
      replace: true,
      search: ({ [name]: _, ...rest }) => (value === "" ? rest : { ...rest, [name]: value }),
    });
  };
  const setStream = () => {
    noteSent(prefix);
    change("stream", prefix);
  };
  const byStream = (event: FormEvent) => {
    event.preventDefault();
    setStream();
  };
  return (
    <Group gap="sm" align="flex-start">
      <MultiSelect
        size="xs"
        w={240}
        clearable
        aria-label={t("events.tail.services")}
        placeholder={search.service ? "" : t("events.tail.services")}
        data={SERVICES.map((value) => ({ value, label: t(`events.service.${value}`) }))}
        value={listOf(search.service)}
        onChange={(chosen) => change("service", chosen.join(","))}
      />
      <TagsInput
        size="xs"
        w={240}
        clearable
        maxTags={20}
        aria-label={t("events.tail.types")}
        placeholder={search.type ? "" : t("events.tail.typesExample")}
        value={listOf(search.type)}
        onChange={(chosen) => change("type", chosen.filter((one) => NAME.test(one)).join(","))}
      />
      <form onSubmit={byStream} onBlur={() => prefix !== (search.stream ?? "") && setStream()}>
        <TextInput
          size="xs"
          w={240}
          aria-label={t("events.tail.stream")}
          placeholder={t("events.tail.stream")}
          value={prefix}
          onChange={(event) => setPrefix(event.currentTarget.value.replace(PREFIX, ""))}
        />
      </form>
    </Group>
  );
}

const listOf = (text: string | undefined) => (text ?? "").split(",").filter((one) => one !== "");
