import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useCheckPosts, usePostCheck, usePostChecks } from "../../../api/posts";
import type { AdbotState, CheckedPost, PostCheck, SeatFinding } from "../../../api/schema";
import { type Column, DataTable } from "../../../ui/DataTable";
import { ProblemNotice } from "../../../ui/ProblemNotice";
import { StateBadge } from "../../../ui/StateBadge";
import { When } from "../../../ui/When";
import { findingOf, MOODS } from "./findings";

type Props = { adbot: AdbotState; changed: boolean };

/** Lets each account look whether it can read the posts and may forward them, and says what each found. */
export function PostCheckView({ adbot, changed }: Props) {
  const { t } = useTranslation();
  const begin = useCheckPosts(adbot.id);
  const checks = usePostChecks(adbot.id);
  const found = usePostCheck(adbot.id, begin.data?.id ?? checks.data?.items[0]?.id ?? null);
  const check = found.data;
  const failed = check === undefined ? (found.error ?? checks.error) : null;
  const again = () => void (found.error === null ? checks.refetch() : found.refetch());
  return (
    <Stack gap="md">
      <div>
        <Title order={2}>{t("check.title")}</Title>
        <Text size="sm" c="var(--quiet)">
          {t("check.about")}
        </Text>
      </div>
      <Group>
        <Button
          variant="default"
          loading={begin.isPending}
          disabled={changed || check?.status === "RUNNING"}
          onClick={() => begin.mutate([])}
        >
          {t("post.check")}
        </Button>
        {changed && (
          <Text size="sm" c="var(--quiet)">
            {t("check.saveFirst")}
          </Text>
        )}
      </Group>
      {begin.error !== null && <ProblemNotice error={begin.error} />}
      {failed !== null && <ProblemNotice error={failed} onRetry={again} />}
      {check === undefined && failed === null && (checks.isPending || found.isFetching) && (
        <Skeleton height={64} />
      )}
      {check !== undefined && <Findings check={check} />}
    </Stack>
  );
}

type Row = SeatFinding & { post: CheckedPost["post"] };

function Findings({ check }: { check: PostCheck }) {
  const { t } = useTranslation();
  const rows: Row[] = check.posts.flatMap(({ post, seats }) => seats.map((seat) => ({ ...seat, post })));
  const answered = rows.filter((row) => row.answered).length;
  const unusable = rows.filter((row) => row.answered && !(row.readable && row.forwardable)).length;
  const running = check.status === "RUNNING";
  const columns: Column<Row>[] = [
    { head: t("check.post"), cell: ({ post }) => `${post.channel}/${post.message}` },
    { head: t("log.account"), cell: (row) => row.session },
    { head: t("check.finding"), cell: (row) => <Finding row={row} running={running} /> },
  ];
  return (
    <Stack gap="xs">
      <Text size="sm" role="status">
        {running && t("post.checking", { answered, all: rows.length })}
        {!running && check.posts.length === 0 && t("check.onlyTexts")}
        {!running && check.posts.length > 0 && rows.length === 0 && t("check.noAccounts")}
        {!running && unusable > 0 && t("post.unreadable", { count: unusable })}
        {!running && rows.length > 0 && unusable === 0 && answered === rows.length && t("post.readable")}{" "}
        {!running && <When at={check.requested_at} />}
      </Text>
      {rows.length > 0 && (
        <DataTable
          label={t("check.title")}
          rows={rows}
          rowKey={(row, index) => `${index} ${row.session}`}
          columns={columns}
        />
      )}
    </Stack>
  );
}

function Finding({ row, running }: { row: Row; running: boolean }) {
  const { t } = useTranslation();
  const found = findingOf(row, running);
  return (
    <Group gap="xs">
      <StateBadge mood={MOODS[found]}>{t(`seatFinding.${found}`)}</StateBadge>
      <Text size="xs" c="var(--quiet)">
        {t(`seatFindingHelp.${found}`)} {row.error}
      </Text>
    </Group>
  );
}
