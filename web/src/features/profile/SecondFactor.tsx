import { Alert, Button, Card, Group, List, Stack, Text, TextInput } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { confirmSecondFactor, useMe, useOfferSecondFactor } from "../../api/profile";
import { CopyField } from "../../ui/CopyField";
import { useLeaveAfter } from "../../ui/frame/useLeave";
import { Loaded } from "../../ui/Loaded";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { QrCode } from "../../ui/QrCode";

/** Whether signing in takes a one-time code too, and how to make it so. */
export function SecondFactor() {
  const { t } = useTranslation();
  const offer = useOfferSecondFactor();
  return (
    <Loaded query={useMe()}>
      {(me) =>
        me.second_factor ? (
          <Alert color="teal" icon={<IconShieldCheck size={18} />} title={t("secondFactor.on")}>
            {t("secondFactor.onText")}
          </Alert>
        ) : (
          <Card maw={640}>
            <Stack gap="md">
              <Text>{t("secondFactor.about")}</Text>
              {offer.error !== null && <ProblemNotice error={offer.error} />}
              {offer.data === undefined ? (
                <Group>
                  <Button loading={offer.isPending} onClick={() => offer.mutate()}>
                    {t("secondFactor.begin")}
                  </Button>
                </Group>
              ) : (
                <Confirm secret={offer.data.secret} uri={offer.data.uri} />
              )}
            </Stack>
          </Card>
        )
      }
    </Loaded>
  );
}

function Confirm({ secret, uri }: { secret: string; uri: string }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const digits = code.replace(/\s/g, ""); // apps show them in two halves
  const leaveAfter = useLeaveAfter();
  const confirm = useMutation({
    mutationFn: (code: string) => leaveAfter(() => confirmSecondFactor(code), "/sign-in"),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate(digits);
      }}
    >
      <Stack gap="md">
        <List type="ordered" spacing="xs">
          <List.Item>{t("secondFactor.scan")}</List.Item>
          <List.Item>{t("secondFactor.type")}</List.Item>
          <List.Item>{t("secondFactor.after")}</List.Item>
        </List>
        <Group align="flex-start" gap="lg">
          <QrCode value={uri} size={168} title={t("secondFactor.qr")} />
          <Stack gap="md" flex={1} miw={220}>
            <CopyField name={t("secondFactor.secret")} value={secret} />
            <TextInput
              required
              inputMode="numeric"
              autoComplete="one-time-code"
              label={t("signIn.oneTime")}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
          </Stack>
        </Group>
        {confirm.error !== null && <ProblemNotice error={confirm.error} />}
        <Group>
          <Button type="submit" loading={confirm.isPending} disabled={digits.length !== 6}>
            {t("secondFactor.confirm")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
