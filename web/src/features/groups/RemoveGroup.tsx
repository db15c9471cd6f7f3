import { useTranslation } from "react-i18next";
import { useSetGroups } from "../../api/groups";
import type { AdbotState } from "../../api/schema";
import { ActDialog } from "../../ui/acts/ActDialog";
import { useSaying } from "../../ui/useSaying";
import { isKept } from "./group-options";

type Props = { adbot: AdbotState; group: string; onClose: () => void };

/** Takes one group out of an adbot, after asking. */
export function RemoveGroup({ adbot, group, onClose }: Props) {
  const { t } = useTranslation();
  const say = useSaying();
  const save = useSetGroups(adbot.id);
  const set = adbot.advertisement;
  const groups = set?.groups.filter((one) => one !== group) ?? [];
  const run = async () => {
    const keeps = (one: string, inLists: ReadonlySet<string>) => isKept(one, groups, inLists);
    await save.mutateAsync({ groups, lists: set?.lists ?? [], keeps });
    say(t("adbotGroups.removed", { group }));
  };
  const consequence = t("adbotGroups.removeText", { group });
  return (
    <ActDialog act={{ title: t("adbotGroups.remove"), consequence, danger: true, run }} onClose={onClose} />
  );
}
