import { Button, FileButton, Group, Stack, Text } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { whole } from "../../ui/size";
import { BadLineList } from "./BadLineList";
import { GroupsEditor } from "./GroupsEditor";
import { FILE_KINDS, type FileTrouble, readGroups } from "./group-file";
import type { GroupsText } from "./useGroupsText";
import { withLines } from "./written";

type Props = {
  field: GroupsText;
  label: string;
  description: string;
  /** The most groups; null: no limit that is known. */
  most: number | null;
};

type Taken = { name: string; lines: number } | { name: string; trouble: FileTrouble };

/** Groups by typing, by paste or by a file, with their number and what is wrong with each line. */
export function GroupsField({ field, label, description, most }: Props) {
  const { t } = useTranslation();
  const [taken, setTaken] = useState<Taken | null>(null);
  const { groups, repeated } = field.count;
  const tooMany = most !== null && groups > most;

  const take = async (file: File | null | undefined) => {
    if (file === null || file === undefined) return;
    const found = await readGroups(file);
    if ("trouble" in found) {
      setTaken({ name: file.name, trouble: found.trouble });
      return;
    }
    field.setText((before) => withLines(before, found.lines)); // more may be written by now
    setTaken({ name: file.name, lines: found.lines.length });
  };

  return (
    <Stack gap="xs">
      <GroupsEditor
        area={field.area}
        label={label}
        description={description}
        error={field.bad.length > 0}
        value={field.text}
        bad={field.bad}
        onChange={field.setText}
        onFile={(file) => void take(file)}
      />
      <Group gap="sm" justify="space-between">
        <Text size="sm" c={tooMany ? "var(--mantine-color-error)" : "var(--quiet)"}>
          {t("groupsField.count", { count: groups })}
          {most !== null && t("groupsField.most", { most: whole(most) })}
          {repeated > 0 && t("groupsField.repeated", { count: repeated })}
        </Text>
        <FileButton accept={FILE_KINDS} onChange={(file) => void take(file)}>
          {(props) => (
            <Button variant="default" size="xs" leftSection={<IconFileText size={14} />} {...props}>
              {t("groupsField.file")}
            </Button>
          )}
        </FileButton>
      </Group>
      {taken !== null && (
        <Text size="sm" role="status" c={"trouble" in taken ? "var(--mantine-color-error)" : "var(--quiet)"}>
          {"trouble" in taken
            ? t("groupsField.unreadable", { name: taken.name, why: t(`fileTrouble.${taken.trouble}`) })
            : t("groupsField.added", { name: taken.name, count: taken.lines })}
        </Text>
      )}
      <BadLineList bad={field.bad} onGo={field.goTo} />
    </Stack>
  );
}
