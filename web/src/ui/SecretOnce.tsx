import { Alert, Button, Group, Stack } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { CopyField } from "./CopyField";

type Props = { name: string; secret: string; help: string; onDone: () => void };

/** A secret that can't be shown again: it is to be copied now. */
export function SecretOnce({ name, secret, help, onDone }: Props) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      <Alert color="yellow" icon={<IconEyeOff size={18} />}>
        {help}
      </Alert>
      <CopyField name={name} value={secret} />
      <Group justify="flex-end">
        <Button onClick={onDone}>{t("common.kept")}</Button>
      </Group>
    </Stack>
  );
}
