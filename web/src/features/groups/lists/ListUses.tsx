import { Anchor, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAdbots } from "../../../api/adbots";
import { useListOwner } from "../../../api/list-scope";
import type { GroupListView } from "../../../api/schema";
import { Id } from "../../../ui/Id";
import { shortened } from "../../../ui/shortened";

/** How many groups a list has, and which adbots send to them. */
export function ListUses({ list }: { list: GroupListView }) {
  const { t } = useTranslation();
  return (
    <Group gap="sm">
      <Text size="sm">{t("groupLists.count", { count: list.group_count })}</Text>
      {list.adbots.length === 0 ? (
        <Text size="sm">{t("groupLists.unused")}</Text>
      ) : (
        <Group gap="xs">
          <Text size="sm">{t("groupLists.usedBy")}</Text>
          {list.adbots.map((adbot) => (
            <AdbotName key={adbot} adbot={adbot} />
          ))}
        </Group>
      )}
    </Group>
  );
}

function AdbotName({ adbot }: { adbot: string }) {
  const own = useListOwner() === null;
  return own ? <OwnAdbot adbot={adbot} /> : <Id value={adbot} />;
}

function OwnAdbot({ adbot }: { adbot: string }) {
  const adbots = useAdbots().data?.pages.flatMap((page) => page.items) ?? [];
  const name = adbots.find((one) => one.id === adbot)?.plan.name ?? shortened(adbot);
  return (
    <Anchor
      size="sm"
      renderRoot={(props) => (
        <Link to="/adbots/$adbot" params={{ adbot }} search={{ tab: "groups" }} {...props} />
      )}
    >
      {name}
    </Anchor>
  );
}
