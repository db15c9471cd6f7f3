import { ActionIcon, Burger, Group, Kbd, Text, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useModifier } from "../../features/finding/useModifier";
import { NotificationBell } from "../../features/notifications/NotificationBell";
import { AccountMenu } from "./AccountMenu";
import { Crumbs } from "./Crumbs";
import classes from "./Frame.module.css";

type Props = {
  menuOpen: boolean;
  onMenu: () => void;
  onSearch: () => void;
  onShortcuts: () => void;
};

/** Where one is, the search, what happened, and the account. */
export function Header({ menuOpen, onMenu, onSearch, onShortcuts }: Props) {
  const { t } = useTranslation();
  const modifier = useModifier();
  return (
    <>
      <Group gap="sm" wrap="nowrap" miw={0}>
        <Burger opened={menuOpen} onClick={onMenu} hiddenFrom="sm" size="sm" aria-label={t("nav.menu")} />
        <Crumbs />
      </Group>
      <Group gap={4} wrap="nowrap">
        <UnstyledButton className={classes.search} visibleFrom="sm" onClick={onSearch}>
          <IconSearch size={16} stroke={1.6} />
          <Text size="sm" component="span" flex={1}>
            {t("finding.open")}
          </Text>
          <Kbd size="xs">{modifier} K</Kbd>
        </UnstyledButton>
        <ActionIcon size="lg" hiddenFrom="sm" aria-label={t("finding.open")} onClick={onSearch}>
          <IconSearch size={18} stroke={1.6} />
        </ActionIcon>
        <NotificationBell />
        <AccountMenu onShortcuts={onShortcuts} />
      </Group>
    </>
  );
}
