import { Button, NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { addPlan } from "../../api/plans";
import { fieldErrors } from "../../api/problem";
import type { CataloguePlan } from "../../api/schema";
import { PLAN_KINDS } from "../../routing/states";
import { Dialog } from "../../ui/Dialog";
import { DialogButtons } from "../../ui/FormButtons";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { type PlanForm, planOf, valuesOf } from "./plan-form";

/** Puts a plan on sale: a new one, or one that was retired, with its terms. */
export function AddPlan({ again }: { again?: CataloguePlan }) {
  const { t } = useTranslation();
  const [open, dialog] = useDisclosure(false);
  const title = again === undefined ? t("opPlans.add") : t("opPlans.again");
  return (
    <>
      {again === undefined ? (
        <Button onClick={dialog.open}>{title}</Button>
      ) : (
        <Button
          size="compact-sm"
          variant="default"
          onClick={dialog.open}
          aria-label={t("acts.with", { act: title, name: again.name })}
        >
          {title}
        </Button>
      )}
      {open && (
        <Dialog title={title} onClose={dialog.close}>
          <TermsForm again={again} title={title} onClose={dialog.close} />
        </Dialog>
      )}
    </>
  );
}

type FormProps = { again: CataloguePlan | undefined; title: string; onClose: () => void };

function TermsForm({ again, title, onClose }: FormProps) {
  const { t } = useTranslation();
  const add = useMutation({ mutationFn: addPlan });
  const form = useForm<PlanForm>({ initialValues: valuesOf(again) });
  const submit = form.onSubmit((values) =>
    add.mutate(planOf(values), {
      onSuccess: onClose,
      onError: (error) => form.setErrors(fieldErrors(error)),
    }),
  );
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            required
            data-autofocus
            label={t("opPlans.code")}
            readOnly={again !== undefined}
            {...form.getInputProps("code")}
          />
          <TextInput required maxLength={60} label={t("opPlans.name")} {...form.getInputProps("name")} />
          <Select
            allowDeselect={false}
            label={t("opPlans.kind")}
            data={PLAN_KINDS.map((value) => ({ value, label: t(`planKind.${value}`) }))}
            {...form.getInputProps("kind")}
          />
          <TextInput
            required
            inputMode="decimal"
            label={t("opPlans.price")}
            {...form.getInputProps("price_usd")}
          />
          <NumberInput
            required
            min={1}
            max={1000}
            label={t("opPlans.seats")}
            {...form.getInputProps("sessions")}
          />
          <NumberInput required min={1} label={t("opPlans.interval")} {...form.getInputProps("minutes")} />
          <NumberInput required min={1} label={t("opPlans.days")} {...form.getInputProps("validity_days")} />
          <NumberInput min={1} label={t("opPlans.groups")} {...form.getInputProps("max_groups")} />
          <NumberInput min={1} label={t("opPlans.posts")} {...form.getInputProps("max_posts")} />
        </SimpleGrid>
        {add.error !== null && <ProblemNotice error={add.error} />}
        <DialogButtons act={title} pending={add.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}
