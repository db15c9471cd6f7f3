/** The groups of an adbot: their figures, their options, and which there are. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { type AdbotScope, adbotPath, useAdbotScope } from "./adbot-scope";
import { adbotQuery, useWriteAdbot, whileSending } from "./adbots";
import { api, body } from "./client";
import { groupListQuery } from "./group-lists";
import { useListOwner } from "./list-scope";
import { pagedQuery, pollOfFirstPage, queries } from "./queries";
import type { GroupFigures, GroupOptionBody, GroupState } from "./schema";

export type GroupFilter = { state?: GroupState; text?: string };

type Page = { limit: number; cursor?: string };

const MOST = 20_000;
const PAGE = 1000;

const read = (id: string, scope: AdbotScope, filter: GroupFilter, page: Page) =>
  body(
    api.GET(`${adbotPath(scope)}/groups`, {
      params: { path: { adbot_id: id }, query: { ...filter, advertised: true, ...page } },
    }),
  );

const adbotGroupsQuery = (id: string, scope: AdbotScope, filter: GroupFilter) =>
  pagedQuery(["adbot", id, scope, "groups", filter], (page) => read(id, scope, filter, page));

export function useAdbotGroups(id: string, filter: GroupFilter) {
  const scope = useAdbotScope();
  return useInfiniteQuery({
    ...adbotGroupsQuery(id, scope, filter),
    refetchInterval: (query) => {
      const often = whileSending(id, scope);
      return often === false ? false : pollOfFirstPage(often)(query);
    },
  });
}

/** Returns all groups that a filter lets through, also those that are not shown yet. */
export async function allGroups(id: string, scope: AdbotScope, filter: GroupFilter): Promise<GroupFigures[]> {
  const groups: GroupFigures[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: GroupFigures[]; next: string | null } = await read(id, scope, filter, {
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    groups.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && groups.length < MOST);
  return groups;
}

export const useSetGroupOption = (id: string) =>
  useWriteAdbot<GroupOptionBody>((option, scope) =>
    body(api.PUT(`${adbotPath(scope)}/groups/options`, { params: { path: { adbot_id: id } }, body: option })),
  );

/** Says that a group is alive: the next cycle asks it again. */
export const useConfirmGroup = (id: string) =>
  useWriteAdbot<string>((group, scope) =>
    body(
      api.POST(`${adbotPath(scope)}/groups/confirm`, {
        params: { path: { adbot_id: id } },
        body: { group },
      }),
    ),
  );

/** `keeps` says whether the option of a group stays. */
type GroupsWish = {
  groups: readonly string[];
  lists: readonly string[];
  keeps: (group: string, inLists: ReadonlySet<string>) => boolean;
};

/** Sets the own groups of an adbot that has a post, and the lists that it uses; all else stays as it is. */
export function useSetGroups(adbot: string) {
  const owner = useListOwner();
  return useWriteAdbot<GroupsWish>(async (wish, scope) => {
    const path = { path: { adbot_id: adbot } };
    // the posts and options are those of now, also if another device has changed them
    const { advertisement: set } = await queries.fetchQuery({ ...adbotQuery(adbot, scope), staleTime: 0 });
    const sameLists = set === null || sameOf(set.lists, wish.lists);
    if (scope === "own" && sameLists) {
      return body(
        api.PATCH("/api/v1/adbots/{adbot_id}/advertisement", {
          params: path,
          body: { groups: [...wish.groups] },
        }),
      );
    }
    if (set === null) throw new Error("an adbot without a post has no groups");
    const lists = await Promise.all(
      wish.lists.map((list) => queries.fetchQuery(groupListQuery(owner, list))),
    );
    const inLists = new Set(lists.flatMap((list) => list.groups));
    return body(
      api.PUT(`${adbotPath(scope)}/advertisement`, {
        params: path,
        body: {
          posts: set.posts,
          order: set.order,
          groups: [...wish.groups],
          lists: [...wish.lists],
          group_options: set.group_options.filter(({ group }) => wish.keeps(group, inLists)),
          options: set.options,
        },
      }),
    );
  });
}

const sameOf = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((item, index) => item === other[index]);
