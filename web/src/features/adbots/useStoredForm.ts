import { useForm } from "@mantine/form";
import { useEffect, useEffectEvent } from "react";

/** A form of something stored: follows its changes on other devices, unless something else is being written. */
export function useStoredForm<V extends Record<string, unknown>>(stored: unknown, valuesOf: () => V) {
  const form = useForm<V>({ initialValues: valuesOf() });
  const follow = useEffectEvent((_: string) => {
    if (form.isDirty()) return;
    const values = valuesOf();
    form.setInitialValues(values);
    form.setValues(values);
  });
  const state = JSON.stringify(stored);
  useEffect(() => follow(state), [state]);
  return form;
}
