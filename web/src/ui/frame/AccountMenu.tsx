import { ActionIcon, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconLogout, IconUser } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSession, useSignOut } from "../../api/account";
import { ApiError } from "../../api/problem";
import { queries } from "../../api/queries";
import { signedIn } from "../../api/session";

export function AccountMenu() {
  const { t } = useTranslation();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const account = useSession()?.account;
  const leave = async () => {
    await navigate({ to: "/" }); // before all else: what is shown would be fetched again, without a token
    signedIn(null);
    queries.clear();
  };
  const stay = (error: Error) => {
    if (error instanceof ApiError && error.status === 401) return leave(); // it is signed out already
    notifications.show({
      color: "red",
      title: t("problem.title"),
      message: error.message,
      closeButtonProps: { "aria-label": t("common.close") },
    });
  };
  return (
    <Menu position="bottom-end" transitionProps={{ duration: 100 }}>
      <Menu.Target>
        <ActionIcon size="lg" aria-label={t("nav.accountMenu")}>
          <IconUser size={18} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{account?.email}</Menu.Label>
        <Menu.Item
          leftSection={<IconLogout size={16} />}
          onClick={() => signOut.mutate(undefined, { onSuccess: leave, onError: stay })}
        >
          {t("nav.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
