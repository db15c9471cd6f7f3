import { Checkbox, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/account";
import { fieldErrors } from "../../api/problem";
import { useMakeApiKey } from "../../api/profile";
import type { Scope } from "../../api/schema";
import { Dialog } from "../../ui/Dialog";
import { DialogButtons } from "../../ui/FormButtons";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { SecretOnce } from "../../ui/SecretOnce";
import { expiryAfter, LIFETIMES, type Lifetime } from "./lifetimes";

const SCOPES: Scope[] = ["read", "control", "billing"];

/** Makes an API key, and shows its text once. */
export function MakeApiKey({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const make = useMakeApiKey();
  return (
    <Dialog
      title={t("apiKeys.make")}
      closedBy={make.isIdle || make.isError ? "keys" : "nothing"}
      onClose={onClose}
    >
      {make.data === undefined ? (
        <KeyForm make={make} onClose={onClose} />
      ) : (
        <SecretOnce
          name={t("apiKeys.key")}
          secret={make.data.api_key}
          help={t("apiKeys.once")}
          onDone={onClose}
        />
      )}
    </Dialog>
  );
}

type FormProps = { make: ReturnType<typeof useMakeApiKey>; onClose: () => void };

function KeyForm({ make, onClose }: FormProps) {
  const { t } = useTranslation();
  const admin = useSession()?.account.role === "ADMIN";
  const form = useForm({
    initialValues: { name: "", scopes: ["read"] as Scope[], lifetime: "quarter" as Lifetime },
  });
  const submit = form.onSubmit(({ name, scopes, lifetime }) =>
    make.mutate(
      { name, scopes, expires_at: expiryAfter(lifetime, Date.now()) },
      { onError: (error) => form.setErrors(fieldErrors(error)) },
    ),
  );
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          required
          data-autofocus
          maxLength={60}
          label={t("apiKeys.name")}
          description={t("apiKeys.nameHelp")}
          {...form.getInputProps("name")}
        />
        <Checkbox.Group
          required
          label={t("apiKeys.scopes")}
          description={t("apiKeys.scopesHelp")}
          {...form.getInputProps("scopes")}
        >
          <Stack gap="xs" mt="xs">
            {[...SCOPES, ...(admin ? (["admin"] as const) : [])].map((scope) => (
              <Checkbox
                key={scope}
                value={scope}
                label={t(`scope.${scope}`)}
                description={t(`scopeHelp.${scope}`)}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <Select
          allowDeselect={false}
          label={t("apiKeys.expires")}
          data={LIFETIMES.map((value) => ({ value, label: t(`lifetime.${value}`) }))}
          {...form.getInputProps("lifetime")}
        />
        {make.error !== null && <ProblemNotice error={make.error} />}
        <DialogButtons
          act={t("apiKeys.make")}
          pending={make.isPending}
          disabled={form.values.scopes.length === 0}
          held={make.isPending}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}
