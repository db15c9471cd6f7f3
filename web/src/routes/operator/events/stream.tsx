import { useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { SearchBox } from "../../../features/events/SearchBox";
import { StreamView } from "../../../features/events/StreamView";
import { CopyText } from "../../../ui/CopyText";
import { Page } from "../../../ui/Page";

/** A stream: its events, and the state after each. */
export function EventStreamPage() {
  const { t } = useTranslation();
  const { stream } = useParams({ from: "/client/operator/events/stream/$stream" });
  const { version } = useSearch({ from: "/client/operator/events/stream/$stream" });
  return (
    <Page title={t("events.stream.title")} about={<CopyText value={stream} />}>
      <SearchBox />
      <StreamView key={stream} stream={stream} version={version ?? null} />
    </Page>
  );
}
