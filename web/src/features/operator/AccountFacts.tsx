import { Card } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { usePrivateIdsOf } from "../../api/private-ids";
import type { AccountLine } from "../../api/schema";
import { CopyText } from "../../ui/CopyText";
import { Fact, Facts } from "../../ui/Facts";
import { Id } from "../../ui/Id";
import { Known } from "../../ui/Known";
import { When } from "../../ui/When";
import { ActivityLink } from "./ActivityLink";
import { EventsLink } from "./EventsLink";

/** Who the account is, and what opens it. */
export function AccountFacts({ account }: { account: AccountLine }) {
  const { t } = useTranslation();
  const permission = usePrivateIdsOf(account.id);
  return (
    <Card>
      <Facts columns>
        <Fact name={t("opAccount.id")}>
          <Id value={account.id} />
        </Fact>
        <Fact name={t("opAccount.licence")}>
          <CopyText value={account.licence} />
        </Fact>
        <Fact name={t("accounts.registered")}>
          <When at={account.registered_at} />
        </Fact>
        <Fact name={t("opAccount.code")}>
          {account.has_code ? t("opAccount.has") : t("opAccount.hasNot")}
        </Fact>
        <Fact name={t("opAccount.factor")}>
          {account.second_factor ? t("opAccount.has") : t("opAccount.hasNot")}
        </Fact>
        <Fact name={t("nav.privateIds")}>
          <Known query={permission}>
            {({ allowed, reason }) =>
              allowed ? (reason ?? t("opAdbots.allowed")) : t("opAdbots.notAllowed")
            }
          </Known>
        </Fact>
        <Fact name={t("nav.activity")}>
          <ActivityLink text={account.id} />
        </Fact>
        <Fact name={t("nav.events")}>
          <EventsLink id={account.id} />
        </Fact>
      </Facts>
    </Card>
  );
}
