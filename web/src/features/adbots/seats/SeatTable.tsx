import { Stack, Text } from "@mantine/core";
import { IconUserOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useStatistics } from "../../../api/adbots";
import type { AdbotState, SeatFigures } from "../../../api/schema";
import { type Column, DataTable } from "../../../ui/DataTable";
import { Empty } from "../../../ui/Empty";
import { Loaded } from "../../../ui/Loaded";
import { When } from "../../../ui/When";
import { WhyText } from "../WhyText";
import { SeatState } from "./SeatState";
import classes from "./SeatTable.module.css";

/** The accounts that an adbot sends with: whether each works or rests and why, and what it did. */
export function SeatTable({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const columns: Column<SeatFigures>[] = [
    { head: t("log.account"), cell: (seat) => <span className={classes.whole}>{seat.session}</span> },
    { head: t("seats.state"), cell: (seat) => <SeatState seat={seat} /> },
    { head: t("figures.sent"), number: true, cell: (seat) => seat.successes },
    { head: t("figures.failed"), number: true, cell: (seat) => seat.posts - seat.successes },
    { head: t("figures.leftOut"), number: true, minor: true, cell: (seat) => seat.left_out },
    { head: t("seats.waits"), number: true, cell: (seat) => seat.flood_waits },
    { head: t("seats.lastActivity"), cell: (seat) => <When at={seat.last_activity} /> },
    { head: t("seats.lastFailure"), cell: (seat) => <LastFailure seat={seat} /> },
  ];
  return (
    <Stack gap="md">
      <Text size="sm" c="var(--quiet)">
        {t("seats.about", { filled: adbot.seats.filled, all: adbot.plan.sessions })}
        {adbot.seats.awaited > 0 && ` ${t("seats.awaited", { count: adbot.seats.awaited })}`}
        {adbot.seats.unreachable > 0 && ` ${t("seats.unreachable", { count: adbot.seats.unreachable })}`}
      </Text>
      <Loaded query={useStatistics(adbot.id)}>
        {({ seats }) =>
          seats.length === 0 ? (
            <Empty icon={<IconUserOff size={22} />} title={t("seats.empty")} text={t("seats.emptyText")} />
          ) : (
            <DataTable
              label={t("adbot.tabs.accounts")}
              rows={seats}
              rowKey={(seat, index) => `${index} ${seat.session}`}
              columns={columns}
            />
          )
        }
      </Loaded>
    </Stack>
  );
}

function LastFailure({ seat }: { seat: SeatFigures }) {
  const { t } = useTranslation();
  const failure = seat.last_failure;
  if (failure === null) return t("common.none");
  return (
    <div>
      <WhyText refusal={failure} />
      <Text size="xs" c="var(--quiet)">
        {failure.group} <When at={failure.at} />
      </Text>
    </div>
  );
}
