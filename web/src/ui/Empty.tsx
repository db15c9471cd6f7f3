import { Stack, Text, ThemeIcon, Title } from "@mantine/core";
import type { ReactNode } from "react";

type Props = {
  icon: ReactNode;
  title: string;
  text: string;
  action?: ReactNode;
  /** It is the whole page, and its title the page's. */
  whole?: boolean;
};

/** An empty page or table: what would be here, and the step that brings it. */
export function Empty({ icon, title, text, action, whole = false }: Props) {
  return (
    <Stack align="center" gap="xs" py={48} ta="center">
      <ThemeIcon size={44} radius="md" variant="light" color="gray">
        {icon}
      </ThemeIcon>
      {whole ? <Title order={1}>{title}</Title> : <Text fw={600}>{title}</Text>}
      <Text c="var(--quiet)" maw={420}>
        {text}
      </Text>
      {action}
    </Stack>
  );
}
