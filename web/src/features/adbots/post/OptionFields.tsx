import { Stack, Switch } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PostsForm } from "./form";

const OPTIONS = ["author", "skip_newest", "delete_previous"] as const;

/** How posts are sent: with their author or not, and what becomes of the previous one. */
export function OptionFields({ form }: { form: PostsForm }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      {OPTIONS.map((option) => (
        <Switch
          key={option}
          label={t(`post.option_${option}`)}
          description={t(`post.optionHelp_${option}`)}
          {...form.getInputProps(option, { type: "checkbox" })}
        />
      ))}
    </Stack>
  );
}
