import { Card, Code, Group, ScrollArea, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { DeadLetterView } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import { When } from "../../ui/When";
import classes from "./LetterList.module.css";

/** A blocked stream's dead letters in order: the one that failed, then those that wait behind it. */
export function LetterList({ letters }: { letters: DeadLetterView[] }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" component="ol" p={0} m={0}>
      {letters.map((letter, index) => (
        <Card key={letter.id} component="li" padding="md">
          <Stack gap={6}>
            <Group justify="space-between" gap="xs">
              <Text fw={600} size="sm">
                {t("deadLetters.letter", { type: letter.type, version: letter.version })}
              </Text>
              <Text size="xs" c="var(--quiet)">
                {t("deadLetters.happened")} <When at={letter.at} />
              </Text>
            </Group>
            <CopyText value={letter.id} />
            {index === 0 ? (
              <Code block className={classes.wrapped} color="var(--mantine-color-red-light)">
                {letter.error}
              </Code>
            ) : (
              <Text size="xs" c="var(--quiet)">
                {t("deadLetters.waitsBehind")}
              </Text>
            )}
            <ScrollArea.Autosize
              mah={240}
              viewportProps={{
                tabIndex: 0,
                role: "region",
                "aria-label": t("deadLetters.contents", { id: letter.id }),
              }}
            >
              <Code block className={classes.wrapped}>
                {JSON.stringify(letter.data, null, 2)}
              </Code>
            </ScrollArea.Autosize>
            <Text size="xs" c="var(--quiet)">
              {t("deadLetters.by", { actor: letter.actor })}
            </Text>
          </Stack>
        </Card>
      ))}
    </Stack>
  );
}
