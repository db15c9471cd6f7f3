import { Stack, Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "./Dialog";
import { DialogButtons } from "./FormButtons";

type Place = { pathname: string; search: object };

const tabOf = (search: object): unknown => ("tab" in search ? search.tab : undefined);

/** Whether another page or tab is opened, so that a form is no longer shown. */
const isLeft = ({ current, next }: { current: Place; next: Place }): boolean =>
  current.pathname !== next.pathname || tabOf(current.search) !== tabOf(next.search);

/** Stands in a form: asks before its page or tab is left while it is `unsaved`; once it is saved, goes there. */
export function UnsavedWarning({ unsaved }: { unsaved: boolean }) {
  const { t } = useTranslation();
  const { proceed, reset } = useBlocker({
    shouldBlockFn: isLeft,
    enableBeforeUnload: unsaved,
    disabled: !unsaved,
    withResolver: true,
  });
  // once the form is saved, which may close it
  // biome-ignore lint/correctness/useExhaustiveDependencies: it ends with this
  useEffect(() => () => proceed?.(), [unsaved, proceed]);
  if (proceed === undefined) return null;
  return (
    <Dialog title={t("unsaved.title")} onClose={reset}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation(); // it stands within another form
          proceed();
        }}
      >
        <Stack gap="md">
          <Text size="sm">{t("unsaved.text")}</Text>
          <DialogButtons act={t("unsaved.leave")} pending={false} danger cancelFirst onCancel={reset} />
        </Stack>
      </form>
    </Dialog>
  );
}
