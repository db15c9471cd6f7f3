import { Button, Group, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useSetPosts } from "../../../api/adbots";
import type { AdbotState, PostOrder } from "../../../api/schema";
import { FormButtons } from "../../../ui/FormButtons";
import { ProblemNotice } from "../../../ui/ProblemNotice";
import { UnsavedWarning } from "../../../ui/UnsavedWarning";
import { useSaying } from "../../../ui/useSaying";
import { useStoredForm } from "../useStoredForm";
import { FormatField } from "./FormatField";
import { OptionFields } from "./OptionFields";
import { PostCheckView } from "./PostCheckView";
import { PostField } from "./PostField";
import { MOST_POSTS, newPost, type PostValues, valuesOf, writtenPosts } from "./post-form";

/** Sets an adbot's posts and how they are sent; shows what groups will get, and lets its accounts check it. */
export function PostForm({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const say = useSaying();
  const save = useSetPosts(adbot.id);
  const set = adbot.advertisement;
  const form = useStoredForm<PostValues>([set?.posts, set?.order, set?.options], () => valuesOf(set));
  const { posts, format, author } = form.values;
  const hasGroups = set !== null && set.groups.length + set.lists.length > 0;
  const most = Math.min(adbot.plan.max_posts ?? MOST_POSTS, MOST_POSTS);
  const submit = form.onSubmit((values) => {
    const { order, skip_newest, delete_previous } = values;
    const options = { author: values.author, skip_newest, delete_previous };
    save.mutate(
      { posts: writtenPosts(values), order, format: values.format, options },
      {
        onSuccess: () => {
          form.resetDirty(values); // what was written since is not saved yet
          say(t("post.saved"));
        },
      },
    );
  });
  return (
    <Stack gap="xl">
      <form onSubmit={submit}>
        <Stack gap="lg">
          {posts.map((post, index) => (
            <PostField
              key={post.key}
              several={posts.length > 1}
              number={index + 1}
              format={format}
              author={author}
              input={form.getInputProps(`posts.${index}.text`)}
              onRemove={() => form.removeListItem("posts", index)}
            />
          ))}
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
            <Stack gap="md">
              {hasGroups ? (
                <Group>
                  <Button
                    size="xs"
                    variant="default"
                    leftSection={<IconPlus size={14} />}
                    disabled={posts.length >= most}
                    onClick={() => form.insertListItem("posts", newPost())}
                  >
                    {t("post.add")}
                  </Button>
                  <Text size="sm" c="var(--quiet)">
                    {t("post.most", { count: most })}
                  </Text>
                </Group>
              ) : (
                <Text size="sm" c="var(--quiet)">
                  {t("post.groupsFirst")}
                </Text>
              )}
              {posts.length > 1 && (
                <Select
                  allowDeselect={false}
                  label={t("post.order")}
                  data={(["in_turn", "random"] as const).map((value) => ({
                    value,
                    label: t(`post.order_${value}`),
                  }))}
                  value={form.values.order}
                  onChange={(order) => form.setFieldValue("order", (order ?? "in_turn") as PostOrder)}
                />
              )}
              <FormatField form={form} />
              {hasGroups && <OptionFields form={form} />}
              {save.error !== null && <ProblemNotice error={save.error} />}
              <UnsavedWarning unsaved={form.isDirty()} />
              <FormButtons
                act={t("post.save")}
                pending={save.isPending}
                disabled={!form.isDirty() || writtenPosts(form.values).length === 0}
              />
            </Stack>
          </SimpleGrid>
        </Stack>
      </form>
      {set !== null && <PostCheckView adbot={adbot} changed={form.isDirty()} />}
    </Stack>
  );
}
