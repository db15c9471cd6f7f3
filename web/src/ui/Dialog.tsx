import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFocusBack } from "./useFocusBack";

type Props = {
  title: string;
  size?: "lg";
  /** What closes it besides its own buttons: all, all but a press beside it, or nothing, as what it holds is lost. */
  closedBy?: "all" | "keys" | "nothing";
  onClose: () => void;
  children: ReactNode;
};

/** A dialog that is open as long as it is there. */
export function Dialog({ title, size, closedBy = "all", onClose, children }: Props) {
  const { t } = useTranslation();
  useFocusBack();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      {...(size === undefined ? {} : { size })}
      withCloseButton={closedBy !== "nothing"}
      closeOnEscape={closedBy !== "nothing"}
      closeOnClickOutside={closedBy === "all"}
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {children}
    </Modal>
  );
}
