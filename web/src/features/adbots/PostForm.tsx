import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import { useSetAdvertisement } from "../../api/adbots";
import type { AdbotState } from "../../api/schema";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { groupLines, postText } from "./advertisement";
import { PostCheckView } from "./PostCheckView";

/** Sets an adbot's post and groups; what is wrong is shown at its line. */
export function PostForm({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const save = useSetAdvertisement(adbot.id);
  const set = adbot.advertisement;
  const form = useForm({
    initialValues: { post: set === null ? "" : postText(set.post), groups: set?.groups.join("\n") ?? "" },
  });
  const groups = groupLines(form.values.groups);

  const submit = form.onSubmit((values) =>
    save.mutate(
      { post: values.post.trim(), groups },
      {
        onSuccess: () => {
          form.resetDirty();
          notifications.show({
            message: t("post.saved"),
            color: "teal",
            closeButtonProps: { "aria-label": t("common.close") },
          });
        },
      },
    ),
  );

  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={720}>
        <Textarea
          required
          autosize
          minRows={2}
          maxRows={12}
          label={t("post.link")}
          description={t("post.linkHelp")}
          {...form.getInputProps("post")}
        />
        <Textarea
          required
          autosize
          minRows={6}
          maxRows={20}
          label={t("post.groups")}
          description={t("post.groupsHelp")}
          {...form.getInputProps("groups")}
        />
        {save.error !== null && <ProblemNotice error={save.error} />}
        <Group>
          <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
            {t("post.save")}
          </Button>
          <Text size="sm" c="var(--quiet)">
            {t("post.count", { count: groups.length })}
          </Text>
        </Group>
        {set !== null && !form.isDirty() && <PostCheckView adbot={adbot} />}
      </Stack>
    </form>
  );
}
