import { Menu } from "@mantine/core";
import { IconHandStop, IconList } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AdbotState, GroupFigures } from "../../api/schema";
import { useAdbotSearch } from "../../routing/adbot-search";
import { GroupMenu } from "./GroupMenu";
import type { Origin } from "./group-options";
import { type SetOption, useAskAgain } from "./useGroupActs";

type Props = {
  adbot: AdbotState;
  figures: GroupFigures;
  origin: Origin;
  setting: SetOption;
  onRemove: (group: string) => void;
};

/** What can be done with one group of an adbot. */
export function AdbotGroupMenu({ adbot, figures, origin, setting, onRemove }: Props) {
  const { t } = useTranslation();
  const [, change] = useAdbotSearch();
  const askAgain = useAskAgain(adbot.id);
  const { group } = figures;
  return (
    <GroupMenu
      group={group}
      option={origin.option}
      setting={setting}
      onRemove={origin.own ? () => onRemove(group) : undefined}
    >
      {figures.denials.length > 0 && (
        <Menu.Item leftSection={<IconHandStop size={14} />} onClick={() => askAgain(group)}>
          {t("groupMenu.askAgain")}
        </Menu.Item>
      )}
      <Menu.Item
        leftSection={<IconList size={14} />}
        onClick={() => change({ tab: "log", group, result: undefined })}
      >
        {t("groupMenu.log")}
      </Menu.Item>
    </GroupMenu>
  );
}
