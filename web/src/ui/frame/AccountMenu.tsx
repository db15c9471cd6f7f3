import { ActionIcon, type MantineColorScheme, Menu, useMantineColorScheme } from "@mantine/core";
import {
  IconCheck,
  IconDeviceDesktop,
  IconKeyboard,
  IconLogout,
  IconLogout2,
  IconMoon,
  IconSun,
  IconUser,
  IconUserCircle,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { signOut, useSession } from "../../api/account";
import { SignOutEverywhere } from "../../features/profile/SignOutEverywhere";
import { useSayingProblem } from "../useSaying";
import { useLeaveAfter } from "./useLeave";

const SCHEMES = [
  { value: "light", text: "nav.light", icon: IconSun },
  { value: "dark", text: "nav.dark", icon: IconMoon },
  { value: "auto", text: "nav.system", icon: IconDeviceDesktop },
] as const satisfies { value: MantineColorScheme; text: string; icon: unknown }[];

export function AccountMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const { t } = useTranslation();
  const sayProblem = useSayingProblem();
  const leaveAfter = useLeaveAfter();
  const leave = () => leaveAfter(signOut).catch(sayProblem);
  const account = useSession()?.account;
  const [everywhere, setEverywhere] = useState(false);
  return (
    <>
      <Menu position="bottom-end" width={240} returnFocus transitionProps={{ duration: 100 }}>
        <Menu.Target>
          <ActionIcon size="lg" aria-label={t("nav.accountMenu")}>
            <IconUser size={18} stroke={1.6} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{account?.email ?? account?.id}</Menu.Label>
          <Menu.Item
            leftSection={<IconUserCircle size={16} />}
            renderRoot={(props) => <Link to="/profile" {...props} />}
          >
            {t("nav.profile")}
          </Menu.Item>
          <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onShortcuts}>
            {t("shortcuts.title")}
          </Menu.Item>
          <Menu.Divider />
          <Schemes />
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
            {t("nav.signOut")}
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout2 size={16} />} onClick={() => setEverywhere(true)}>
            {t("nav.signOutEverywhere")} …
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {everywhere && <SignOutEverywhere onClose={() => setEverywhere(false)} />}
    </>
  );
}

/** Light, dark, or as the system has it. */
function Schemes() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      {SCHEMES.map(({ value, text, icon: Icon }) => (
        <Menu.Item
          key={value}
          role="menuitemradio"
          aria-checked={colorScheme === value}
          closeMenuOnClick={false}
          leftSection={<Icon size={16} />}
          rightSection={colorScheme === value ? <IconCheck size={16} /> : null}
          onClick={() => setColorScheme(value)}
        >
          {t(text)}
        </Menu.Item>
      ))}
    </>
  );
}
