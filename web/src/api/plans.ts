/** The catalogue: every plan that was ever on sale. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { plansQuery } from "./buying";
import { api, body } from "./client";
import { renewed } from "./operator";
import { pagedQuery, queries } from "./queries";
import type { PlanBody } from "./schema";

const catalogueQuery = (onSale?: boolean) =>
  pagedQuery(["operator", "plans", onSale ?? null], (page) =>
    body(
      api.GET("/api/v1/admin/plans", {
        params: { query: { ...(onSale === undefined ? {} : { on_sale: onSale }), ...page } },
      }),
    ),
  );

export const useCatalogue = (onSale?: boolean) => useInfiniteQuery(catalogueQuery(onSale));

async function done(answer: Promise<unknown>): Promise<void> {
  await answer;
  await Promise.all([renewed("plans"), queries.invalidateQueries({ queryKey: plansQuery.queryKey })]);
}

export const addPlan = (plan: PlanBody) => done(body(api.POST("/api/v1/admin/plans", { body: plan })));

export const repricePlan = (code: string, price: string) =>
  done(
    body(api.PATCH("/api/v1/admin/plans/{code}", { params: { path: { code } }, body: { price_usd: price } })),
  );

export const retirePlan = (code: string) =>
  done(body(api.DELETE("/api/v1/admin/plans/{code}", { params: { path: { code } } })));
