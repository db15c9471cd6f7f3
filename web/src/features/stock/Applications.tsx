import { Alert, Button, NumberInput, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { fieldErrors } from "../../api/problem";
import type { StockedApplication } from "../../api/schema";
import { useAddApplication } from "../../api/stock";
import { type Column, DataTable } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { DialogButtons } from "../../ui/FormButtons";
import { ProblemNotice } from "../../ui/ProblemNotice";

/** The Telegram applications that sessions connect with. */
export function Applications({ applications }: { applications: StockedApplication[] }) {
  const { t } = useTranslation();
  const columns: Column<StockedApplication>[] = [
    { head: t("stock.apiId"), cell: (one) => one.api_id },
    { head: t("stock.sessions"), number: true, cell: (one) => one.sessions },
  ];
  if (applications.length === 0) {
    return (
      <Alert color="yellow" icon={<IconKey size={18} />} title={t("stock.noApplication")}>
        {t("stock.noApplicationText")}
      </Alert>
    );
  }
  return (
    <DataTable
      label={t("stock.applications")}
      rows={applications}
      rowKey={(one) => one.pair}
      columns={columns}
    />
  );
}

/** Adds a Telegram application; its hash is stored encrypted and never shown. */
export function AddApplication() {
  const { t } = useTranslation();
  const [open, dialog] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={dialog.open}>
        {t("stock.addApplication")}
      </Button>
      {open && (
        <Dialog title={t("stock.addApplication")} onClose={dialog.close}>
          <ApplicationForm onClose={dialog.close} />
        </Dialog>
      )}
    </>
  );
}

function ApplicationForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const add = useAddApplication();
  const form = useForm<{ api_id: number | ""; api_hash: string }>({
    initialValues: { api_id: "", api_hash: "" },
  });
  const submit = form.onSubmit(({ api_id, api_hash }) =>
    add.mutate(
      { api_id: Number(api_id), api_hash: api_hash.trim() },
      { onSuccess: onClose, onError: (error) => form.setErrors(fieldErrors(error)) },
    ),
  );
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <NumberInput
          required
          data-autofocus
          hideControls
          min={1}
          label={t("stock.apiId")}
          description={t("stock.apiIdHelp")}
          {...form.getInputProps("api_id")}
        />
        <PasswordInput
          required
          autoComplete="off"
          label={t("stock.apiHash")}
          description={t("stock.apiHashHelp")}
          visibilityToggleButtonProps={{ "aria-label": t("stock.showHash") }}
          {...form.getInputProps("api_hash")}
        />
        {add.error !== null && <ProblemNotice error={add.error} />}
        <DialogButtons act={t("stock.addApplication")} pending={add.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}
