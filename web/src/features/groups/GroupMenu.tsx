import { ActionIcon, Menu } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import {
  IconCheck,
  IconClockPause,
  IconCopy,
  IconDots,
  IconExternalLink,
  IconPlayerPause,
  IconPlayerPlay,
  IconTrash,
} from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { GroupOption } from "../../api/schema";
import { useSayingProblem } from "../../ui/useSaying";
import { linkOf } from "./group-options";
import { SpacingDialog } from "./SpacingDialog";
import type { SetOption } from "./useGroupActs";

type Props = {
  group: string;
  option: GroupOption | null;
  setting: SetOption;
  /** Further things to do with it. */
  children?: ReactNode;
  /** Left out where it can't be removed here. */
  onRemove?: (() => void) | undefined;
};

/** What can be done with one group. */
export function GroupMenu({ group, option, setting, children, onRemove }: Props) {
  const { t } = useTranslation();
  const [spacing, setSpacing] = useState(false);
  const sayProblem = useSayingProblem();
  const { copied, copy } = useClipboard({ timeout: 1500 });
  const paused = option?.paused === true;
  const change = (changed: Partial<GroupOption>) =>
    setting.set({ group, paused, every_seconds: option?.every_seconds ?? null, ...changed });
  const pause = () => change({ paused: !paused }).catch(sayProblem);
  return (
    <>
      <Menu position="bottom-end" withinPortal transitionProps={{ duration: 100 }}>
        <Menu.Target>
          <ActionIcon aria-label={t("groupMenu.of", { group })} loading={setting.pending === group}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
            onClick={() => void pause()}
          >
            {t(paused ? "groupMenu.resume" : "groupMenu.pause")}
          </Menu.Item>
          <Menu.Item leftSection={<IconClockPause size={14} />} onClick={() => setSpacing(true)}>
            {t("groupMenu.spacing")}
          </Menu.Item>
          {children}
          <Menu.Item
            closeMenuOnClick={false}
            leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            onClick={() => copy(linkOf(group))}
          >
            {t(copied ? "groupMenu.copied" : "groupMenu.copy")}
          </Menu.Item>
          <Menu.Item
            component="a"
            href={linkOf(group)}
            target="_blank"
            rel="noreferrer"
            leftSection={<IconExternalLink size={14} />}
          >
            {t("groupMenu.open")}
          </Menu.Item>
          {onRemove !== undefined && (
            <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={onRemove}>
              {t("groupMenu.remove")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {spacing && (
        <SpacingDialog
          group={group}
          option={option}
          onClose={() => setSpacing(false)}
          save={(every_seconds) => change({ every_seconds })}
        />
      )}
    </>
  );
}
