import { Anchor, List, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { BadLine } from "./written";

const MOST = 20;

type Props = { bad: readonly BadLine[]; onGo: (line: number) => void };

/** The bad lines with their reasons, each leading to its line; announced when they are found. */
export function BadLineList({ bad, onGo }: Props) {
  const { t } = useTranslation();
  if (bad.length === 0) return null;
  return (
    <div role="alert">
      <Text size="sm" fw={500} c="var(--mantine-color-error)">
        {t("groupsField.bad", { count: bad.length })}
      </Text>
      <List size="sm" listStyleType="none" spacing={2} aria-label={t("groupsField.badLines")}>
        {bad.slice(0, MOST).map(({ line, text, reason }) => (
          <List.Item key={line}>
            <Anchor component="button" type="button" size="sm" ta="start" onClick={() => onGo(line)}>
              {t("groupsField.line", { line: line + 1 })}
            </Anchor>
            {` “${text}”: ${reason}`}
          </List.Item>
        ))}
      </List>
      {bad.length > MOST && (
        <Text size="sm" c="var(--quiet)">
          {t("groupsField.moreBad", { count: bad.length - MOST })}
        </Text>
      )}
    </div>
  );
}
