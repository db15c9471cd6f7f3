import { Card, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/profile";
import { CopyText } from "../../ui/CopyText";
import { Fact, Facts } from "../../ui/Facts";
import { Loaded } from "../../ui/Loaded";
import { When } from "../../ui/When";

/** Who is signed in, as the service knows them. */
export function AccountFacts() {
  const { t } = useTranslation();
  return (
    <Loaded query={useMe()}>
      {(me) => (
        <Card>
          <Stack gap="md">
            <Facts>
              <Fact name={t("profile.email")}>{me.email ?? t("profile.noEmail")}</Fact>
              <Fact name={t("profile.role")}>{t(`role.${me.role}`)}</Fact>
              <Fact name={t("profile.since")}>
                <When at={me.registered_at} />
              </Fact>
              <Fact name={t("profile.licence")}>
                <CopyText value={me.licence} />
              </Fact>
              <Fact name={t("profile.id")}>
                <CopyText value={me.id} />
              </Fact>
              <Fact name={t("profile.secondFactor")}>
                {me.second_factor ? t("profile.on") : t("profile.off")}
              </Fact>
            </Facts>
            <Text size="sm" c="var(--quiet)">
              {t("profile.licenceHelp")}
            </Text>
          </Stack>
        </Card>
      )}
    </Loaded>
  );
}
