import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

type Props = {
  /** What sending the form does. */
  act: string;
  pending: boolean;
  disabled?: boolean;
  /** Left out where there is nothing to go back to. */
  onCancel?: (() => void) | undefined;
};

/** The buttons below a form of a page. */
export function FormButtons({ act, pending, disabled = false, onCancel }: Props) {
  const { t } = useTranslation();
  return (
    <Group>
      <Button type="submit" loading={pending} disabled={disabled}>
        {act}
      </Button>
      {onCancel !== undefined && (
        <Button variant="default" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
      )}
    </Group>
  );
}

type DialogProps = Omit<Props, "onCancel"> & {
  danger?: boolean;
  /** What is being made would be lost. */
  held?: boolean;
  /** It has the focus first, where no field has. */
  cancelFirst?: boolean;
  onCancel: () => void;
};

/** The buttons below a form in a dialog. */
export function DialogButtons({
  act,
  pending,
  disabled = false,
  danger = false,
  held = false,
  cancelFirst = false,
  onCancel,
}: DialogProps) {
  const { t } = useTranslation();
  return (
    <Group justify="flex-end">
      <Button
        variant="default"
        disabled={held}
        onClick={onCancel}
        {...(cancelFirst ? { "data-autofocus": true } : {})}
      >
        {t("common.cancel")}
      </Button>
      <Button type="submit" color={danger ? "red" : "indigo"} loading={pending} disabled={disabled}>
        {act}
      </Button>
    </Group>
  );
}
