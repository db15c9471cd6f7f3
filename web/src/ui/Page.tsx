import { Group, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Page.module.css";

type Props = { title: string; about?: ReactNode; action?: ReactNode; children: ReactNode };

/** A page: one title, one sentence, one thing to do. */
export function Page({ title, about, action, children }: Props) {
  const { t } = useTranslation();
  useDocumentTitle(`${title} · ${t("app.name")}`);
  return (
    <Stack gap="lg" className={classes.page}>
      <Group justify="space-between" align="flex-start" gap="md">
        <div>
          <Title order={1}>{title}</Title>
          {about !== undefined && (
            <Text component="div" c="var(--quiet)" mt={4}>
              {about}
            </Text>
          )}
        </div>
        {action}
      </Group>
      {children}
    </Stack>
  );
}
