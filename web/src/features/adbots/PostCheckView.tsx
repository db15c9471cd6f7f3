import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useCheckPosts, usePostCheck } from "../../api/adbots";
import type { AdbotState } from "../../api/schema";
import { ProblemNotice } from "../../ui/ProblemNotice";

/** Lets each account look whether it can read the post and may forward it, before the adbot starts. */
export function PostCheckView({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const check = useCheckPosts(adbot.id);
  const found = usePostCheck(adbot.id, check.data?.id ?? null).data;
  const seats = found?.posts.flatMap((post) => post.seats) ?? [];
  const answered = seats.filter((seat) => seat.answered);
  const unusable = answered.filter((seat) => !(seat.readable && seat.forwardable)).length;
  return (
    <Group>
      <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
        {t("post.check")}
      </Button>
      {seats.length > 0 && (
        <Text size="sm" role="status">
          {answered.length < seats.length &&
            t("post.checking", { answered: answered.length, all: seats.length })}
          {answered.length === seats.length &&
            (unusable === 0 ? t("post.readable") : t("post.unreadable", { count: unusable }))}
        </Text>
      )}
      {check.error !== null && <ProblemNotice error={check.error} />}
    </Group>
  );
}
