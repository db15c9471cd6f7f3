import { CloseButton, Group, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useStatistics } from "../../../api/adbots";
import { useAdbotSearch } from "../../../routing/adbot-search";
import { FilterChips } from "../../../ui/FilterChips";
import { useTyped } from "../../../ui/useTyped";
import { groupOfLink } from "../../groups/group-options";
import { resultsOf } from "../figures/results";

/** What the log is narrowed to: results that this adbot has had, and a group; the address holds both. */
export function LogFilters({ adbot }: { adbot: string }) {
  const { t } = useTranslation();
  const [{ result }, change] = useAdbotSearch();
  const statistics = useStatistics(adbot).data;
  const known = statistics === undefined ? [] : resultsOf(statistics);
  const results = result === undefined || known.includes(result) ? known : [...known, result];
  return (
    <Group gap="sm">
      <GroupFilter />
      <FilterChips
        label={t("log.filter")}
        options={results}
        text={(one) => t(`result.${one}`)}
        value={result}
        onChange={(value) => change({ result: value })}
      />
    </Group>
  );
}

function GroupFilter() {
  const { t } = useTranslation();
  const [{ group = "" }, change] = useAdbotSearch();
  const [written, setWritten, noteSent] = useTyped(group);
  const apply = (value: string) => {
    const wanted = groupOfLink(value.trim());
    setWritten(wanted);
    if (wanted === group) return;
    noteSent(wanted);
    change({ group: wanted === "" ? undefined : wanted });
  };
  return (
    <TextInput
      size="xs"
      w={180}
      aria-label={t("log.onlyGroup")}
      placeholder={t("log.groupHelp")}
      value={written}
      onChange={(event) => setWritten(event.currentTarget.value)}
      onBlur={() => apply(written)}
      onKeyDown={(event) => event.key === "Enter" && apply(written)}
      rightSection={
        written !== "" && <CloseButton size="xs" aria-label={t("log.clear")} onClick={() => apply("")} />
      }
    />
  );
}
