import { Anchor, Skeleton, Stack, Text } from "@mantine/core";
import { IconArrowForwardUp, IconMessage } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { usePostValidity } from "../../../api/posts";
import type { PostValidity, TextFormat } from "../../../api/schema";
import { FormattedText } from "./FormattedText";
import classes from "./PostPreview.module.css";

type Props = { post: string; format: TextFormat; author: boolean };

/** What groups will get of a post that is written: the message that is forwarded, or the formatted text. */
export function PostPreview({ post, format, author }: Props) {
  const { t } = useTranslation();
  const found = usePostValidity(post);
  if (post === "") return <Bubble head={t("preview.nothing")} />;
  if (found.data === undefined) return found.isPending ? <Skeleton height={72} /> : null;
  const read = found.data;
  if (!read.valid) return null; // the field says what is wrong
  if (read.kind === "text") {
    return (
      <Bubble icon={<IconMessage size={14} />} head={t("preview.text")}>
        <FormattedText text={post} format={format} />
      </Bubble>
    );
  }
  return (
    <Bubble icon={<IconArrowForwardUp size={14} />} head={t("preview.forwarded")}>
      <Forwarded read={read} author={author} />
    </Bubble>
  );
}

function Forwarded({ read, author }: { read: PostValidity; author: boolean }) {
  const { t } = useTranslation();
  const channel = read.channel ?? "";
  const message = read.message ?? 0;
  const address = channel.startsWith("@") ? `https://t.me/${channel.slice(1)}/${message}` : null;
  return (
    <Stack gap={4}>
      <Text size="md">{t("preview.message", { message, channel })}</Text>
      <Text size="sm" c="var(--quiet)">
        {author ? t("preview.withAuthor", { channel }) : t("preview.withoutAuthor")} {t("preview.media")}
      </Text>
      {address !== null && (
        <Anchor size="sm" href={address} target="_blank" rel="noreferrer">
          {t("preview.open")}
        </Anchor>
      )}
    </Stack>
  );
}

type BubbleProps = { head: string; icon?: ReactNode; children?: ReactNode };

function Bubble({ head, icon, children }: BubbleProps) {
  return (
    <div className={classes.bubble}>
      <Text size="xs" c="var(--quiet)" className={classes.head}>
        {icon} {head}
      </Text>
      {children}
    </div>
  );
}
