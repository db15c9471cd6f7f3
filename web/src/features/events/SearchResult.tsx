import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { IconSearchOff } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useEventSearch } from "../../api/events";
import type { EventSearch } from "../../api/schema";
import { Empty } from "../../ui/Empty";
import { Loaded } from "../../ui/Loaded";
import { When } from "../../ui/When";
import { Unanswered } from "../system/Unanswered";
import classes from "./Events.module.css";
import { ServiceName } from "./ServiceName";
import { goalOf } from "./search-goal";

/** What an id leads to: goes on if it is one thing, else shows what it may be. */
export function SearchResult({ id }: { id: string }) {
  return (
    <Loaded query={useEventSearch(id)} rows={3}>
      {(search) => <Found search={search} />}
    </Loaded>
  );
}

function Found({ search }: { search: EventSearch }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const goal = goalOf(search);
  useEffect(() => {
    if (goal === null) return;
    if ("tree" in goal) {
      const params = { correlation: goal.tree };
      const selected = goal.event === undefined ? {} : { event: goal.event };
      void navigate({ to: "/operator/events/tree/$correlation", params, search: selected, replace: true });
    } else {
      const params = { stream: goal.stream };
      void navigate({ to: "/operator/events/stream/$stream", params, search: {}, replace: true });
    }
  });
  if (goal !== null) return null;
  const nothing = search.streams.length + search.trees.length === 0;
  return (
    <Stack gap="md" component="section">
      <Unanswered services={search.unanswered} />
      {nothing ? (
        <Empty
          icon={<IconSearchOff size={22} />}
          title={t("events.search.nothing", { text: search.text })}
          text={t("events.search.nothingText")}
        />
      ) : (
        <Candidates search={search} />
      )}
    </Stack>
  );
}

function Candidates({ search }: { search: EventSearch }) {
  const { t } = useTranslation();
  return (
    <>
      <Title order={2}>{t("events.search.found", { text: search.text })}</Title>
      {search.streams.length > 0 && (
        <ul className={`${classes.list} ${classes.framed}`} aria-label={t("events.search.streams")}>
          {search.streams.map((one) => (
            <li key={one.stream} className={classes.candidate}>
              <ServiceName service={one.service} />
              <Text size="xs" c="var(--quiet)">
                {t("events.stream.count", { count: one.versions })}
              </Text>
              <Anchor
                size="sm"
                renderRoot={(props) => (
                  <Link
                    to="/operator/events/stream/$stream"
                    params={{ stream: one.stream }}
                    search={{}}
                    {...props}
                  />
                )}
              >
                {one.stream}
              </Anchor>
            </li>
          ))}
        </ul>
      )}
      {search.trees.length > 0 && (
        <>
          <Title order={3}>{t("events.search.trees")}</Title>
          <Stack gap={4}>
            {search.trees.map((one) => (
              <Group key={one.correlation_id} gap="sm">
                <Anchor
                  size="sm"
                  ff="monospace"
                  renderRoot={(props) => (
                    <Link
                      to="/operator/events/tree/$correlation"
                      params={{ correlation: one.correlation_id }}
                      search={{}}
                      {...props}
                    />
                  )}
                >
                  {one.correlation_id}
                </Anchor>
                <Text size="xs" c="var(--quiet)">
                  <When at={one.began_at} />
                </Text>
              </Group>
            ))}
          </Stack>
        </>
      )}
    </>
  );
}
