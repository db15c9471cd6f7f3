import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconChevronDown, IconDots } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ActDialog } from "./ActDialog";
import type { Act } from "./act";
import { useAsking } from "./useAsking";

/** The acts of a thing in a menu: of a page with a word, of a table's row (`of` names it) with three dots. */
export function ActMenu({ acts, of }: { acts: Act[]; of?: string }) {
  const { t } = useTranslation();
  const { asked, ask, close } = useAsking(acts);
  if (acts.length === 0) return null;
  return (
    <>
      <Menu position="bottom-end" transitionProps={{ duration: 100 }}>
        <Menu.Target>
          {of === undefined ? (
            <Button variant="default" rightSection={<IconChevronDown size={14} />}>
              {t("operator.acts")}
            </Button>
          ) : (
            <ActionIcon aria-label={t("acts.of", { name: of })}>
              <IconDots size={16} />
            </ActionIcon>
          )}
        </Menu.Target>
        <Menu.Dropdown>
          {acts.map((act) => (
            <Menu.Item key={act.title} {...(act.danger ? { color: "red" } : {})} onClick={() => ask(act)}>
              {act.title}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asked !== undefined && <ActDialog key={asked.title} act={asked} onClose={close} />}
    </>
  );
}
