/** Which accounts may name chats by their ids. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { renewed } from "./operator";
import { pagedQuery } from "./queries";

const privateIdsQuery = (text: string) =>
  pagedQuery(["operator", "private-ids", text], (page) =>
    body(api.GET("/api/v1/admin/private-ids", { params: { query: { ...(text ? { text } : {}), ...page } } })),
  );

export const usePrivateIds = (text: string) => useInfiniteQuery(privateIdsQuery(text));

export const usePrivateIdsOf = (account: string) =>
  useQuery({
    queryKey: ["operator", "private-ids", "of", account],
    queryFn: () =>
      body(api.GET("/api/v1/admin/accounts/{account}/private-ids", { params: { path: { account } } })),
  });

/** Allows or forbids private ids to an account, named by its id or its e-mail address. */
export async function setPrivateIds(account: string, act: "allow" | "forbid", reason: string) {
  await body(
    api.POST(`/api/v1/admin/accounts/{account}/private-ids/${act}`, {
      params: { path: { account } },
      body: { reason },
    }),
  );
  await renewed("private-ids", "adbots");
}
