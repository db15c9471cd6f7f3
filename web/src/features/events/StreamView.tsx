import { Skeleton, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { STEPS, useEventStream } from "../../api/events";
import type { EventStream } from "../../api/schema";
import { Loaded } from "../../ui/Loaded";
import { ProblemNotice } from "../../ui/ProblemNotice";
import classes from "./Events.module.css";
import { ServiceName } from "./ServiceName";
import { StateThen } from "./StateThen";
import { StepDetail } from "./StepDetail";
import { StepList } from "./StepList";
import { VersionSlider } from "./VersionSlider";

type Props = { stream: string; version: number | null };

/** A stream with a slider through time; each version stands in the address. */
export function StreamView({ stream, version }: Props) {
  const page = useEventStream(stream, version === null ? null : endOfPage(version));
  return (
    <Loaded query={page} rows={8}>
      {(shown) => <Shown page={shown} version={Math.min(version ?? shown.versions, shown.versions)} />}
    </Loaded>
  );
}

function Shown({ page, version }: { page: EventStream; version: number }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const go = (next: number) =>
    void navigate({
      to: "/operator/events/stream/$stream",
      params: { stream: page.stream },
      search: { version: next },
      replace: true,
      resetScroll: false,
    });
  return (
    <Stack gap="md">
      <Text component="div" size="sm" c="var(--quiet)">
        <ServiceName service={page.service} /> · {t("events.stream.count", { count: page.versions })}
      </Text>
      <VersionSlider versions={page.versions} version={version} onChange={go} />
      <div className={classes.sides}>
        <StepList page={page} version={version} onSelect={go} />
        <Step page={page} version={version} />
      </div>
    </Stack>
  );
}

/** The event of a version, and the state after it. One that is cut off from a large page is read by itself. */
function Step({ page, version }: { page: EventStream; version: number }) {
  const cutOff = page.steps.length > 0 && page.steps.every((one) => one.version > version);
  const own = useEventStream(page.stream, cutOff ? version : null, cutOff);
  if (cutOff && own.error !== null) {
    return <ProblemNotice error={own.error} onRetry={() => void own.refetch()} />;
  }
  const steps = cutOff ? (own.data?.steps ?? []) : page.steps;
  const index = steps.findIndex((one) => one.version === version);
  const step = steps[index];
  if (step === undefined) return <Skeleton height={240} />;
  return (
    <>
      <StateThen step={step} before={version === 1 ? null : steps[index - 1]} />
      <StepDetail step={step} />
    </>
  );
}

/** Returns the last version of the page that holds a version: pages have the same borders wherever one comes from. */
const endOfPage = (version: number) => Math.ceil(version / STEPS) * STEPS;
