import { useTranslation } from "react-i18next";
import { useSetOptionInList } from "../../api/group-lists";
import { useConfirmGroup, useSetGroupOption } from "../../api/groups";
import type { GroupOption } from "../../api/schema";
import { useSaying, useSayingProblem } from "../../ui/useSaying";

/** Sets the option of a group, and fails if that is refused; `pending` is the group that is being set. */
export type SetOption = {
  set: (option: GroupOption) => Promise<void>;
  pending: string | null;
};

type Mutation = ReturnType<typeof useSetGroupOption> | ReturnType<typeof useSetOptionInList>;

function useSetting(save: Mutation): SetOption {
  const { t } = useTranslation();
  const say = useSaying();
  return {
    set: async ({ group, paused = false, every_seconds = null }) => {
      await save.mutateAsync({ group, paused, every_seconds });
      say(t(paused ? "groupOption.nowPaused" : "groupOption.saved", { group }));
    },
    pending: save.isPending ? (save.variables?.group ?? null) : null,
  };
}

export const useOptionOfAdbot = (adbot: string): SetOption => useSetting(useSetGroupOption(adbot));

export const useOptionOfList = (list: string): SetOption => useSetting(useSetOptionInList(list));

/** Lets the next cycle ask a group again that was left out because it had refused. */
export function useAskAgain(adbot: string) {
  const { t } = useTranslation();
  const say = useSaying();
  const sayProblem = useSayingProblem();
  const confirm = useConfirmGroup(adbot);
  return (group: string) =>
    confirm.mutate(group, {
      onSuccess: () => say(t("groupMenu.confirmed", { group })),
      onError: sayProblem,
    });
}
