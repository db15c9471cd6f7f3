import { Alert, Stack, Text } from "@mantine/core";
import { IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { replaceSeat, useSeatFigures, useSeats } from "../../api/operator-adbots";
import type { AdminAdbot, SessionFigures, StockedSession } from "../../api/schema";
import { ActButton } from "../../ui/acts/ActButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { Id } from "../../ui/Id";
import { Known } from "../../ui/Known";
import { Loaded } from "../../ui/Loaded";
import { StateBadge } from "../../ui/StateBadge";
import { whole } from "../../ui/size";
import { useNow } from "../../ui/useNow";
import { When } from "../../ui/When";
import { sessionName } from "../stock/session-name";

const SLOW_MS = 5000;

/** The sessions on an adbot's seats, how each does, and its replacement. */
export function SeatsTable({ adbot }: { adbot: AdminAdbot }) {
  const { t } = useTranslation();
  const figures = useSeatFigures(adbot.id);
  const figuresOf = ({ session }: StockedSession) =>
    figures.data?.items.find((one) => one.session === session);
  const columns: Column<StockedSession>[] = [
    { head: t("stock.phone"), cell: (one) => one.phone },
    {
      head: t("opAdbots.session"),
      cell: (one) => <Id value={one.session} />,
    },
    {
      head: t("stock.state"),
      cell: (one) => <SeatState session={one} figures={figuresOf(one)} />,
    },
    {
      head: t("opAdbots.sentInAll"),
      number: true,
      cell: (one) => (
        <Known query={figures}>
          {() => {
            const sent = figuresOf(one)?.successes;
            return sent === undefined ? t("common.unknown") : whole(sent);
          }}
        </Known>
      ),
    },
    {
      head: t("operator.acts"),
      cell: (one) => (
        <ActButton
          size="compact-sm"
          label={t("opAdbots.replaceOf", { name: sessionName(one) })}
          act={{
            title: t("adbotAct.replace.title"),
            consequence: t("adbotAct.replace.consequence", { name: sessionName(one) }),
            danger: true,
            reason: true,
            run: (reason) => replaceSeat(adbot.id, one.session, reason),
          }}
        />
      ),
    },
  ];
  return (
    <Stack gap="md">
      {adbot.seats.awaited > 0 && (
        <Alert color="yellow" icon={<IconClock size={18} />}>
          {t("opAdbots.awaited", { count: adbot.seats.awaited })}
        </Alert>
      )}
      <Loaded query={useSeats(adbot.id)} rows={2}>
        {({ sessions }) =>
          sessions.length === 0 ? (
            <Text c="var(--quiet)">{t("opAdbots.noSeats")}</Text>
          ) : (
            <DataTable
              label={t("opAdbots.seats")}
              rows={sessions}
              rowKey={(one) => one.session}
              columns={columns}
            />
          )
        }
      </Loaded>
    </Stack>
  );
}

type SeatProps = { session: StockedSession; figures: SessionFigures | undefined };

function SeatState({ session, figures }: SeatProps) {
  const { t } = useTranslation();
  const now = useNow(SLOW_MS);
  if (session.unreachable_since !== null) {
    return (
      <>
        <StateBadge mood="bad">{t("opAdbots.unreachable")}</StateBadge>{" "}
        <Text span size="xs" c="var(--quiet)">
          {session.unreachable_error}
        </Text>
      </>
    );
  }
  if (figures === undefined) return t("common.unknown");
  if (figures.rests_until !== null && Date.parse(figures.rests_until) > now) {
    return (
      <>
        <StateBadge mood="waiting">{t("opAdbots.rests")}</StateBadge> <When at={figures.rests_until} />
      </>
    );
  }
  return <StateBadge mood="good">{t("opAdbots.works")}</StateBadge>;
}
