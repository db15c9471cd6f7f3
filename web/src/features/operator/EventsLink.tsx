import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** Leads to the events of what has this id, in all services. */
export function EventsLink({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/operator/events" search={{ id }} {...props} />}>
      {t("opActivity.events")}
    </Anchor>
  );
}
