import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Id } from "../../ui/Id";
import { AccountLink } from "./AccountLink";
import { AdbotLink } from "./AdbotLink";
import { OrderLink } from "./OrderLink";
import { type Thing, thingOf } from "./things";

/** What an act was done to, with a link where it has a page, and what the operator gave as reason. */
export function ThingLink({ path, detail }: { path: string; detail: string | null }) {
  const { t } = useTranslation();
  const thing = thingOf(path);
  if (thing === null) return <Text size="sm">{detail ?? t("common.none")}</Text>;
  return (
    <>
      <OneThing thing={thing} />
      {detail !== null && (
        <Text size="xs" c="var(--quiet)">
          {detail}
        </Text>
      )}
    </>
  );
}

function OneThing({ thing }: { thing: Thing }) {
  switch (thing.kind) {
    case "account":
      return <AccountLink account={thing.id} email={thing.id.includes("@") ? thing.id : null} />;
    case "adbot":
      return <AdbotLink adbot={thing.id} />;
    case "order":
      return <OrderLink order={thing.id} />;
    case "session":
    case "notice":
      return <Id value={thing.id} />;
    case "plan":
      return <Text size="sm">{thing.id}</Text>;
  }
}
