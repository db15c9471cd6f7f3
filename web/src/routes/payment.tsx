import { Button, Card, Group, Skeleton, Stack } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { IconReceiptOff } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePayment } from "../api/buying";
import { isMissing, isUnreachable } from "../api/problem";
import { PaymentState } from "../features/checkout/PaymentState";
import { stageOf } from "../features/checkout/stage";
import { CopyText } from "../ui/CopyText";
import { Empty } from "../ui/Empty";
import { Loaded } from "../ui/Loaded";
import { Page } from "../ui/Page";
import { ProblemNotice } from "../ui/ProblemNotice";

export function PaymentPage() {
  const { t } = useTranslation();
  const { order = "" } = useParams({ strict: false });
  const query = usePayment(order);
  const title = t("payment.title");
  const stage = query.data === undefined ? null : t(`payment.${stageOf(query.data, Date.now())}`);
  useDocumentTitle(`${stage ?? title} · ${t("app.name")}`);
  if (query.data === undefined && isMissing(query.error)) {
    return (
      <Empty
        whole
        icon={<IconReceiptOff size={22} />}
        title={t("payment.unknown")}
        text={t("payment.unknownText", { order })}
        action={
          <Button renderRoot={(props) => <Link to="/" {...props} />}>{t("checkout.backToPlans")}</Button>
        }
      />
    );
  }
  return (
    <Page
      title={title}
      about={
        <>
          <CopyText value={order} size="md" />
          {t("payment.keep")}
        </>
      }
    >
      {query.data !== undefined && isUnreachable(query.error) && <ProblemNotice error={query.error} />}
      <Loaded query={query} skeleton={<Shape />}>
        {(payment) => <PaymentState payment={payment} />}
      </Loaded>
    </Page>
  );
}

function Shape() {
  return (
    <Card maw={760}>
      <Stack gap="lg">
        <Skeleton height={20} width={160} />
        <Skeleton height={22} width={360} maw="100%" />
        <Group align="flex-start" gap="lg">
          <Skeleton height={202} width={202} />
          <Stack gap="md" flex={1} miw={260}>
            <Skeleton height={62} />
            <Skeleton height={62} />
            <Skeleton height={18} width={140} />
          </Stack>
        </Group>
      </Stack>
    </Card>
  );
}
