import { Button, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useOpenAccount } from "../../api/operator-accounts";
import { fieldErrors } from "../../api/problem";
import type { Role } from "../../api/schema";
import { ROLES } from "../../routing/states";
import { Dialog } from "../../ui/Dialog";
import { DialogButtons } from "../../ui/FormButtons";
import { ProblemNotice } from "../../ui/ProblemNotice";

/** Opens an account for an e-mail address, and leads to it. */
export function OpenAccount() {
  const { t } = useTranslation();
  const [open, dialog] = useDisclosure(false);
  return (
    <>
      <Button onClick={dialog.open}>{t("opAccount.open")}</Button>
      {open && (
        <Dialog title={t("opAccount.open")} onClose={dialog.close}>
          <AccountForm onClose={dialog.close} />
        </Dialog>
      )}
    </>
  );
}

function AccountForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const create = useOpenAccount();
  const form = useForm<{ email: string; role: Role }>({ initialValues: { email: "", role: "CLIENT" } });
  const submit = form.onSubmit((wish) =>
    create.mutate(wish, {
      onSuccess: ({ id }) => void navigate({ to: "/operator/accounts/$account", params: { account: id } }),
      onError: (error) => form.setErrors(fieldErrors(error)),
    }),
  );
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          required
          data-autofocus
          type="email"
          label={t("operator.email")}
          description={t("opAccount.openHelp")}
          {...form.getInputProps("email")}
        />
        <Select
          allowDeselect={false}
          label={t("accounts.role")}
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          {...form.getInputProps("role")}
        />
        {create.error !== null && <ProblemNotice error={create.error} />}
        <DialogButtons act={t("opAccount.open")} pending={create.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}
