import { useTranslation } from "react-i18next";
import { useAdbotSearch } from "../../routing/adbot-search";
import { GROUP_STATES } from "../../routing/states";
import { FilterChips } from "../../ui/FilterChips";
import { SearchField } from "../../ui/SearchField";

/** Narrows the table of groups to names; the address holds it. */
export function GroupSearch() {
  const { t } = useTranslation();
  const [{ text = "" }, change] = useAdbotSearch();
  return (
    <SearchField
      label={t("groups.search")}
      value={text}
      onSearch={(wanted) => change({ text: wanted || undefined })}
    />
  );
}

/** Narrows the table of groups to a state; the address holds it. */
export function StateFilter() {
  const { t } = useTranslation();
  const [{ state }, change] = useAdbotSearch();
  return (
    <FilterChips
      label={t("groups.filter")}
      options={GROUP_STATES}
      text={(one) => t(`groups.state_${one}`)}
      value={state}
      onChange={(value) => change({ state: value })}
    />
  );
}
