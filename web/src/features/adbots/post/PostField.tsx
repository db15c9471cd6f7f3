import { Button, SimpleGrid, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { usePostValidity } from "../../../api/posts";
import type { TextFormat } from "../../../api/schema";
import { PostPreview } from "./PostPreview";

const TYPING_MS = 400;

type Props = {
  several: boolean;
  number: number;
  format: TextFormat;
  author: boolean;
  input: { value?: string; error?: React.ReactNode };
  onRemove: () => void;
};

/** One post as it is written, what is wrong with it, and beside it what groups will get. */
export function PostField({ several, number, format, author, input, onRemove }: Props) {
  const { t } = useTranslation();
  const [written] = useDebouncedValue((input.value ?? "").trim(), TYPING_MS);
  const read = usePostValidity(written).data;
  const isCurrent = written === (input.value ?? "").trim();
  const problem = isCurrent && written !== "" && read?.valid === false ? read.detail : null;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing={{ base: "sm", md: "xl" }}>
      <div>
        <Textarea
          required={!several}
          autosize
          minRows={3}
          maxRows={12}
          label={several ? t("post.number", { number }) : t("post.link")}
          description={number === 1 ? t("post.linkHelp") : undefined}
          {...input}
          error={problem ?? input.error}
        />
        {several && (
          <Button
            mt={4}
            size="compact-xs"
            variant="subtle"
            color="gray"
            leftSection={<IconTrash size={14} />}
            onClick={onRemove}
          >
            {t("post.remove", { number })}
          </Button>
        )}
      </div>
      <div>
        <Text size="sm" fw={500} mb={4}>
          {t("preview.title")}
        </Text>
        <PostPreview post={written} format={format} author={author} />
      </div>
    </SimpleGrid>
  );
}
