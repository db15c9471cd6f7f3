import { Box, Button, Code, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { BlockedStreamView } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import { type Column, DataTable } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { StateBadge } from "../../ui/StateBadge";
import { withShortIds } from "../../ui/shortened";
import { whole } from "../../ui/size";
import { When } from "../../ui/When";

type Props = {
  streams: BlockedStreamView[];
  /** All services have answered. */
  complete: boolean;
  onOpen: (stream: BlockedStreamView) => void;
};

/** The streams that are blocked for a reader, each with the event that failed. */
export function BlockedStreams({ streams, complete, onOpen }: Props) {
  const { t } = useTranslation();
  const columns: Column<BlockedStreamView>[] = [
    {
      head: t("deadLetters.stream"),
      cell: (one) => <CopyText value={one.stream} shown={withShortIds(one.stream)} />,
    },
    { head: t("deadLetters.event"), cell: (one) => one.first.type },
    {
      head: t("deadLetters.reader"),
      cell: (one) => t("deadLetters.readerOf", { reader: one.reader, service: one.service }),
    },
    {
      head: t("deadLetters.error"),
      cell: (one) => (
        <Text size="xs" lineClamp={2} maw={220} title={one.first.error}>
          <Code>{one.first.error}</Code>
        </Text>
      ),
    },
    { head: t("deadLetters.since"), cell: (one) => <When at={one.first.failed_at} /> },
    { head: t("deadLetters.behind"), number: true, cell: (one) => whole(one.letters - 1) },
    {
      head: t("deadLetters.state"),
      cell: (one) => (
        <Box miw="max-content">
          <StateBadge mood={one.retry_requested ? "working" : "bad"}>
            {t(one.retry_requested ? "deadLetters.retrying" : "deadLetters.blocked")}
          </StateBadge>
        </Box>
      ),
    },
    {
      head: t("deadLetters.acts"),
      cell: (one) => (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t("deadLetters.openOf", { stream: one.stream, reader: one.reader })}
          onClick={() => onOpen(one)}
        >
          {t("deadLetters.open")}
        </Button>
      ),
    },
  ];
  if (streams.length === 0) {
    return (
      <Empty
        icon={<IconCircleCheck size={22} />}
        title={t("deadLetters.empty")}
        text={t(complete ? "deadLetters.emptyText" : "deadLetters.noneAnswered")}
      />
    );
  }
  return (
    <DataTable
      label={t("deadLetters.title")}
      rows={streams}
      rowKey={(one) => `${one.service} ${one.reader} ${one.source} ${one.stream}`}
      columns={columns}
    />
  );
}
