import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** Leads to what operators did with a thing, by its id. */
export function ActivityLink({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/operator/activity" search={{ text }} {...props} />}>
      {t("opActivity.ofThing")}
    </Anchor>
  );
}
