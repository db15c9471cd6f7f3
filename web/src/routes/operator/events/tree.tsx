import { useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useEventTree } from "../../../api/events";
import { EventTreeView } from "../../../features/events/EventTreeView";
import { SearchBox } from "../../../features/events/SearchBox";
import { CopyText } from "../../../ui/CopyText";
import { Loaded } from "../../../ui/Loaded";
import { Page } from "../../../ui/Page";

/** Everything that followed from one request, over all services. */
export function EventTreePage() {
  const { t } = useTranslation();
  const { correlation } = useParams({ from: "/client/operator/events/tree/$correlation" });
  const { event } = useSearch({ from: "/client/operator/events/tree/$correlation" });
  return (
    <Page title={t("events.tree.title")} about={<CopyText value={correlation} />}>
      <SearchBox />
      <Loaded query={useEventTree(correlation)} rows={8}>
        {(tree) => <EventTreeView tree={tree} {...(event === undefined ? {} : { selected: event })} />}
      </Loaded>
    </Page>
  );
}
