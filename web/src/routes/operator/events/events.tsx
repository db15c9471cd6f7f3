import { useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { LiveTail } from "../../../features/events/LiveTail";
import { SearchBox } from "../../../features/events/SearchBox";
import { SearchResult } from "../../../features/events/SearchResult";
import { Page } from "../../../ui/Page";

/** Any id, and events as they happen. */
export function EventsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/client/operator/events" });
  return (
    <Page title={t("events.title")} about={t("events.about")}>
      <SearchBox key={search.id ?? ""} text={search.id ?? ""} helps />
      {search.id !== undefined && <SearchResult key={search.id} id={search.id} />}
      <LiveTail search={search} />
    </Page>
  );
}
