import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemNotice } from "./ProblemNotice";

type Props = {
  title: string;
  /** What will follow, with the thing's name. */
  consequence: string;
  danger?: boolean;
  pending: boolean;
  error: unknown;
  onClose: () => void;
  onConfirm: (reason: string) => void;
};

/** Asks for the reason of an act that can't be undone; the reason is what is focused, not the button. */
export function ReasonDialog({
  title,
  consequence,
  danger = false,
  pending,
  error,
  onClose,
  onConfirm,
}: Props) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onConfirm(reason.trim());
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text size="sm">{consequence}</Text>
          <TextInput
            required
            data-autofocus
            maxLength={500}
            label={t("operator.reason")}
            description={t("operator.reasonHelp")}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {error !== null && <ProblemNotice error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button
              type="submit"
              color={danger ? "red" : "indigo"}
              loading={pending}
              disabled={reason.trim() === ""}
            >
              {title}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
