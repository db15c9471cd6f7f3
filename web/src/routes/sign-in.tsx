import { Anchor, Button, Card, Center, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDocumentTitle } from "@mantine/hooks";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSignIn } from "../api/account";
import { ApiError } from "../api/problem";
import { ProblemNotice } from "../ui/ProblemNotice";

const SECOND_FACTOR = new Set(["one_time_code_needed", "wrong_one_time_code"]);

/** Returns the code that a link brought in its fragment, which no server sees, and takes it off the address. */
function codeOfLink(): string {
  const code = /^#code=([A-Za-z0-9-]{1,64})$/.exec(location.hash)?.[1] ?? "";
  if (code !== "") history.replaceState(history.state, "", location.pathname + location.search);
  return code;
}

export function SignInPage() {
  const { t } = useTranslation();
  useDocumentTitle(`${t("signIn.title")} · ${t("app.name")}`);
  const { next } = useSearch({ from: "/open/sign-in" });
  const navigate = useNavigate();
  const signIn = useSignIn();
  const [given] = useState(codeOfLink);
  const form = useForm({ initialValues: { access_code: given, one_time_code: "" } });
  const asked = signIn.error instanceof ApiError && SECOND_FACTOR.has(signIn.error.code);

  const submit = form.onSubmit(({ access_code, one_time_code }) =>
    signIn.mutate(
      { access_code: access_code.trim(), one_time_code: one_time_code.replace(/\s/g, "") || null },
      { onSuccess: () => void navigate({ href: next ?? "/adbots" }) },
    ),
  );

  return (
    <Center pt={{ base: "md", sm: 64 }}>
      <Card w="100%" maw={400}>
        <form onSubmit={submit}>
          <Stack gap="md">
            <Title order={1} size="h2">
              {t("signIn.title")}
            </Title>
            <TextInput
              required
              autoFocus
              autoComplete="current-password"
              label={t("signIn.code")}
              description={t("signIn.codeHelp")}
              {...form.getInputProps("access_code")}
            />
            {asked && (
              <TextInput
                autoFocus
                inputMode="numeric"
                autoComplete="one-time-code"
                label={t("signIn.oneTime")}
                {...form.getInputProps("one_time_code")}
              />
            )}
            {signIn.error !== null && <ProblemNotice error={signIn.error} />}
            <Button type="submit" loading={signIn.isPending}>
              {t("signIn.submit")}
            </Button>
            <Text size="sm" c="var(--quiet)">
              {t("signIn.noCode")}{" "}
              <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/" {...props} />}>
                {t("signIn.buy")}
              </Anchor>
            </Text>
          </Stack>
        </form>
      </Card>
    </Center>
  );
}
