import { Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { retryAll, type StreamKey, useDeadLetters } from "../../api/system";
import { BlockedStreams } from "../../features/system/BlockedStreams";
import { StreamDrawer } from "../../features/system/StreamDrawer";
import { Unanswered } from "../../features/system/Unanswered";
import { ActButton } from "../../ui/acts/ActButton";
import type { Act } from "../../ui/acts/act";
import { Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { useStillShown } from "../../ui/useStillShown";

const route = getRouteApi("/client/operator/dead-letters");

/** Events that a reader could not handle, with what can be done. */
export function DeadLettersPage() {
  const { t } = useTranslation();
  const query = useDeadLetters();
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const isShown = useStillShown();
  const show = (stream: StreamKey) => void navigate({ search: { open: stream } });
  /** Closes the drawer of a stream; another one, which may be open by now, stays. */
  const close = (stream: StreamKey) => {
    if (!isShown()) return;
    void navigate({ search: (before) => (isSame(before.open, stream) ? {} : before) });
  };
  const count = query.data?.streams.length ?? 0;
  const retryAct: Act = {
    title: t("deadLetters.retryAll"),
    consequence: query.data?.more_in.length
      ? t("deadLetters.consequence.retryAllAndMore")
      : t("deadLetters.consequence.retryAll", { count }),
    reason: true,
    run: retryAll,
  };
  return (
    <Page
      title={t("deadLetters.title")}
      about={t("deadLetters.about")}
      action={count > 0 ? <ActButton variant="filled" act={retryAct} /> : undefined}
    >
      <Loaded query={query} rows={6}>
        {(found) => (
          <>
            <Unanswered services={found.unanswered} />
            <BlockedStreams
              streams={found.streams}
              complete={found.unanswered.length === 0}
              onOpen={({ service, reader, source, stream }) =>
                show({ service: service as StreamKey["service"], reader, source, stream })
              }
            />
            {found.more_in.length > 0 && (
              <Text size="sm">{t("deadLetters.moreIn", { services: found.more_in.join(", ") })}</Text>
            )}
          </>
        )}
      </Loaded>
      {open !== undefined && <StreamDrawer stream={open} onClose={() => close(open)} />}
    </Page>
  );
}

const isSame = (one: StreamKey | undefined, other: StreamKey): boolean =>
  one?.service === other.service &&
  one.reader === other.reader &&
  one.source === other.source &&
  one.stream === other.stream;
