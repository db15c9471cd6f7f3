import { Input, SegmentedControl, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { TextFormat } from "../../../api/schema";
import { looksLikeLink } from "../advertisement";
import type { PostsForm } from "./form";
import { writtenPosts } from "./post-form";

const FORMATS = ["plain", "markdown", "html"] as const satisfies TextFormat[];

/** How texts are formatted; nothing where only links are forwarded. */
export function FormatField({ form }: { form: PostsForm }) {
  const { t } = useTranslation();
  if (!writtenPosts(form.values).some((post) => !looksLikeLink(post))) return null;
  const { format } = form.values;
  return (
    <Input.Wrapper label={t("post.format")} labelElement="div">
      <SegmentedControl
        fullWidth
        aria-label={t("post.format")}
        value={format}
        onChange={(value) => form.setFieldValue("format", value as TextFormat)}
        data={FORMATS.map((value) => ({ value, label: t(`post.format_${value}`) }))}
      />
      <Text size="xs" c="var(--quiet)" mt={4}>
        {t(`post.formatHelp_${format}`)}
      </Text>
    </Input.Wrapper>
  );
}
