import { Button, Group, NumberInput, Select, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { GroupOption } from "../../api/schema";
import { Dialog } from "../../ui/Dialog";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { amountOf, MOST_SECONDS, secondsOf, type Unit } from "./group-options";

const UNITS: Unit[] = ["minutes", "hours", "days"];
const DAY = 86_400;

type Props = {
  group: string;
  option: GroupOption | null;
  onClose: () => void;
  /** Null: each cycle sends to it. */
  save: (seconds: number | null) => Promise<void>;
};

/** How often a group takes part, where that is less than in each cycle. */
export function SpacingDialog({ group, option, onClose, save }: Props) {
  const { t } = useTranslation();
  const before = option?.every_seconds ?? null;
  const [wanted, setWanted] = useState(amountOf(before ?? DAY));
  const saving = useMutation({ mutationFn: save });
  const closing = { onSuccess: onClose };
  const seconds = secondsOf(wanted.amount, wanted.unit);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate(seconds, closing);
  };
  return (
    <Dialog title={t("groupOption.spacing", { group })} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text size="sm">{t("groupOption.spacingHelp")}</Text>
          <Group align="flex-end" gap="sm" wrap="nowrap">
            <NumberInput
              data-autofocus
              required
              flex={1}
              label={t("groupOption.every")}
              min={1}
              max={MOST_SECONDS / secondsOf(1, wanted.unit)}
              allowDecimal={false}
              value={wanted.amount}
              onChange={(amount) => setWanted({ ...wanted, amount: Number(amount) })}
            />
            <Select
              flex={1}
              aria-label={t("groupOption.unit")}
              allowDeselect={false}
              data={UNITS.map((value) => ({ value, label: t(`groupOption.units.${value}`) }))}
              value={wanted.unit}
              onChange={(unit) => unit !== null && setWanted({ ...wanted, unit })}
            />
          </Group>
          {saving.error !== null && <ProblemNotice error={saving.error} />}
          <Group justify="flex-end">
            {before !== null && (
              <Button
                variant="default"
                loading={saving.isPending}
                onClick={() => saving.mutate(null, closing)}
              >
                {t("groupOption.eachCycle")}
              </Button>
            )}
            <Button type="submit" loading={saving.isPending} disabled={seconds < 1 || seconds > MOST_SECONDS}>
              {t("groupOption.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
