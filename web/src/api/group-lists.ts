import { queryOptions, useInfiniteQuery, useMutation, useQueries, useQuery } from "@tanstack/react-query";
import { quoted } from "../csv";
import { api, body } from "./client";
import { useListOwner } from "./list-scope";
import { isMissing } from "./problem";
import { pagedQuery, queries } from "./queries";
import type { GroupListBody, GroupListView, GroupOptionBody } from "./schema";

/** The account whose lists are meant; null for the caller's own. */
type Owner = string | null;

type ListFilter = { text?: string; adbot?: string };

const ALL = 1000;
const LISTS = "/api/v1/group-lists";
const LISTS_OF = "/api/v1/admin/accounts/{account}/group-lists";

const groupListsQuery = (owner: Owner, filter: ListFilter) =>
  pagedQuery(["group-lists", owner, filter], (page) => {
    const query = { ...filter, ...page };
    return owner === null
      ? body(api.GET(LISTS, { params: { query } }))
      : body(api.GET(LISTS_OF, { params: { path: { account: owner }, query } }));
  });

/** All lists of an account, of which it may have a limited number. */
const everyListQuery = (owner: Owner) =>
  queryOptions({
    queryKey: ["group-lists", owner, "every"],
    queryFn: () => {
      const query = { limit: ALL };
      return owner === null
        ? body(api.GET(LISTS, { params: { query } }))
        : body(api.GET(LISTS_OF, { params: { path: { account: owner }, query } }));
    },
  });

export const groupListQuery = (owner: Owner, list: string) =>
  queryOptions({
    queryKey: ["group-list", owner, list],
    queryFn: () =>
      owner === null
        ? body(api.GET(`${LISTS}/{list_id}`, { params: { path: { list_id: list } } }))
        : body(api.GET(`${LISTS_OF}/{list_id}`, { params: { path: { account: owner, list_id: list } } })),
  });

export const useGroupLists = (filter: ListFilter = {}) =>
  useInfiniteQuery(groupListsQuery(useListOwner(), filter));

export const useEveryList = () => useQuery(everyListQuery(useListOwner()));

export const useGroupList = (list: string) => useQuery(groupListQuery(useListOwner(), list));

/** Returns those of several lists that have been read, and why another one could not be; deleted ones are left out. */
export function useSeveralLists(lists: readonly string[]): { lists: GroupListView[]; error: Error | null } {
  const owner = useListOwner();
  return useQueries({
    queries: lists.map((list) => groupListQuery(owner, list)),
    combine: (found) => ({
      lists: found.flatMap(({ data }) => (data === undefined ? [] : [data])),
      error: found.find(({ error }) => error !== null && !isMissing(error))?.error ?? null,
    }),
  });
}

async function stale(): Promise<void> {
  await Promise.all(
    [["group-lists"], ["adbot"], ["adbots"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
  );
}

/** Returns a mutation whose answer is the list after it. */
function useWrite<T>(write: (wish: T, owner: Owner) => Promise<GroupListView>) {
  const owner = useListOwner();
  return useMutation({
    mutationFn: (wish: T) => write(wish, owner),
    onSuccess: (list) => {
      queries.setQueryData(groupListQuery(owner, list.id).queryKey, list);
      return stale();
    },
  });
}

export const useMakeList = () =>
  useWrite<GroupListBody>((wish, owner) =>
    owner === null
      ? body(api.POST(LISTS, { body: wish }))
      : body(api.POST(LISTS_OF, { params: { path: { account: owner } }, body: wish })),
  );

/** Gives a list another name; its groups and options are those of now, also if another device has changed them. */
export const useRenameList = (list: string) =>
  useWrite<string>(async (name, owner) => {
    const now = await queries.fetchQuery({ ...groupListQuery(owner, list), staleTime: 0 });
    const sent = { body: { name, groups: now.groups, group_options: now.group_options } };
    return owner === null
      ? body(api.PUT(`${LISTS}/{list_id}`, { params: { path: { list_id: list } }, ...sent }))
      : body(
          api.PUT(`${LISTS_OF}/{list_id}`, { params: { path: { account: owner, list_id: list } }, ...sent }),
        );
  });

/** Sets the groups of a list; those that stay keep their options, whatever their spelling. */
export const useSetGroupsOfList = (list: string) =>
  useWrite<readonly string[]>((groups, owner) => {
    const sent = { body: groups.map(quoted).join("\n"), bodySerializer: String };
    const headers = { "Content-Type": "text/csv" };
    return owner === null
      ? body(api.PUT(`${LISTS}/{list_id}/import`, { params: { path: { list_id: list } }, headers, ...sent }))
      : body(
          api.PUT(`${LISTS_OF}/{list_id}/import`, {
            params: { path: { account: owner, list_id: list } },
            headers,
            ...sent,
          }),
        );
  });

export const useSetOptionInList = (list: string) =>
  useWrite<GroupOptionBody>((option, owner) =>
    owner === null
      ? body(
          api.PUT(`${LISTS}/{list_id}/groups/options`, {
            params: { path: { list_id: list } },
            body: option,
          }),
        )
      : body(
          api.PUT(`${LISTS_OF}/{list_id}/groups/options`, {
            params: { path: { account: owner, list_id: list } },
            body: option,
          }),
        ),
  );

export function useDeleteList(list: string) {
  const owner = useListOwner();
  return useMutation({
    mutationFn: () =>
      owner === null
        ? body(api.DELETE(`${LISTS}/{list_id}`, { params: { path: { list_id: list } } }))
        : body(api.DELETE(`${LISTS_OF}/{list_id}`, { params: { path: { account: owner, list_id: list } } })),
    onSuccess: () => {
      queries.removeQueries({ queryKey: groupListQuery(owner, list).queryKey });
      return stale();
    },
  });
}
