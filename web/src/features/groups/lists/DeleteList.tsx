import { useTranslation } from "react-i18next";
import { useDeleteList } from "../../../api/group-lists";
import type { GroupListView } from "../../../api/schema";
import { ActDialog } from "../../../ui/acts/ActDialog";
import { whole } from "../../../ui/size";
import { useSaying } from "../../../ui/useSaying";

type Props = { list: GroupListView; onDeleted: () => void; onClose: () => void };

/** Deletes a list, after saying which adbots lose its groups. */
export function DeleteList({ list, onDeleted, onClose }: Props) {
  const { t } = useTranslation();
  const say = useSaying();
  const remove = useDeleteList(list.id);
  const facts = { name: list.name, groups: whole(list.group_count) };
  const consequence =
    list.adbots.length === 0
      ? t("groupLists.deleteUnused", facts)
      : t("groupLists.deleteUsed", { ...facts, count: list.adbots.length });
  const run = async () => {
    await remove.mutateAsync();
    say(t("groupLists.deleted", { name: list.name }));
    onDeleted();
  };
  return (
    <ActDialog act={{ title: t("groupLists.delete"), consequence, danger: true, run }} onClose={onClose} />
  );
}
