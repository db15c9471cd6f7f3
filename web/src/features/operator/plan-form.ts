import type { CataloguePlan, PlanBody, PlanKind } from "../../api/schema";

const MINUTE = 60;

/** A plan as the form has it: the interval in minutes, an empty field for no limit of its own. */
export type PlanForm = {
  code: string;
  name: string;
  kind: PlanKind;
  sessions: number;
  minutes: number;
  price_usd: string;
  validity_days: number;
  max_groups: number | "";
  max_posts: number | "";
};

export function valuesOf(plan: CataloguePlan | undefined): PlanForm {
  return {
    code: plan?.code ?? "",
    name: plan?.name ?? "",
    kind: plan?.kind ?? "starter",
    sessions: plan?.sessions ?? 1,
    minutes: (plan?.interval_seconds ?? 60 * MINUTE) / MINUTE,
    price_usd: plan?.price_usd ?? "",
    validity_days: plan?.validity_days ?? 30,
    max_groups: plan?.max_groups ?? "",
    max_posts: plan?.max_posts ?? "",
  };
}

export function planOf(form: PlanForm): PlanBody {
  const { minutes, max_groups, max_posts, ...same } = form;
  return {
    ...same,
    code: form.code.trim(),
    price_usd: form.price_usd.trim(),
    interval_seconds: Math.round(minutes * MINUTE),
    ...(max_groups === "" ? {} : { max_groups }),
    ...(max_posts === "" ? {} : { max_posts }),
  };
}
