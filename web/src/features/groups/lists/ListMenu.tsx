import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconDownload, IconPencil, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { GroupListView } from "../../../api/schema";
import { csvFile } from "../../../csv";
import { saveFile } from "../../../ui/saveFile";
import { useStillShown } from "../../../ui/useStillShown";
import { fileOfGroups } from "../csv";
import { DeleteList } from "./DeleteList";
import { RenameList } from "./RenameList";
import { useGoToList } from "./useGoToList";

/** What can be done with a list as a whole. */
export function ListMenu({ list }: { list: GroupListView }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<"rename" | "delete" | null>(null);
  const close = () => setOpen(null);
  const go = useGoToList();
  const isShown = useStillShown();
  const leave = () => isShown() && go(null);
  const save = () =>
    saveFile(csvFile(fileOfGroups(list.groups)), `${list.name.replace(/[^\p{L}\p{N}_-]+/gu, "-")}.csv`);
  return (
    <>
      <Menu position="bottom-end" transitionProps={{ duration: 100 }}>
        <Menu.Target>
          <ActionIcon size="lg" variant="default" aria-label={t("groupLists.menu")}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={14} />} onClick={() => setOpen("rename")}>
            {t("groupLists.rename")}
          </Menu.Item>
          <Menu.Item leftSection={<IconDownload size={14} />} onClick={save}>
            {t("groupLists.export")}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={() => setOpen("delete")}>
            {t("groupLists.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === "rename" && <RenameList list={list} onClose={close} />}
      {open === "delete" && <DeleteList list={list} onDeleted={leave} onClose={close} />}
    </>
  );
}
