import { Combobox, Modal, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LookUpState } from "../../api/finding";
import { useFocusBack } from "../../ui/useFocusBack";
import classes from "./Finder.module.css";
import { type FoundGroup, useFound } from "./useFound";

const PAUSE_MS = 150;

/**
 * The search over pages, adbots, orders and ids; the first match is chosen, arrows choose others.
 *
 * While it is not known what the first match is, none is chosen: Enter waits for it.
 */
export function Finder({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  useFocusBack();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed, PAUSE_MS);
  const { groups, state } = useFound(asked);
  const shownState = asked === typed ? state : "looking";
  const isKnown = asked === typed && (state !== "looking" || groups[0]?.head === t("finding.pages"));
  const [entered, setEntered] = useState<string | null>(null);
  const navigate = useNavigate();
  const store = useCombobox({ opened: true });
  const first = groups[0]?.items[0]?.to;
  const go = (to: string) => {
    onClose();
    void navigate({ href: to });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first match changes with these
  useEffect(() => {
    if (!isKnown) store.resetSelectedOption();
    else if (entered === typed && first !== undefined) go(first);
    else store.selectFirstOption();
    if (isKnown) setEntered(null); // what is found later is not what somebody waits for
  }, [isKnown, first, asked]);
  return (
    <Modal.Root
      opened
      onClose={onClose}
      padding={0}
      size={600}
      yOffset="12vh"
      transitionProps={{ duration: 100 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label={t("finding.title")}>
        <Combobox store={store} onOptionSubmit={go}>
          <Combobox.EventsTarget withExpandedAttribute>
            <TextInput
              data-autofocus
              className={classes.input}
              aria-label={t("finding.title")}
              placeholder={t("finding.placeholder")}
              leftSection={<IconSearch size={18} />}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              onKeyDown={({ key }) => {
                if (key === "Escape") onClose();
                if (key === "Enter" && !isKnown) setEntered(typed);
              }}
            />
          </Combobox.EventsTarget>
          <Results groups={groups} state={shownState} />
        </Combobox>
        <div className={classes.foot}>{t("finding.help")}</div>
      </Modal.Content>
    </Modal.Root>
  );
}

function Results({ groups, state }: { groups: FoundGroup[]; state: LookUpState }) {
  const { t } = useTranslation();
  return (
    <Combobox.Options className={classes.results} aria-label={t("finding.results")}>
      {groups.length === 0 && state === "done" && <Combobox.Empty>{t("finding.nothing")}</Combobox.Empty>}
      {groups.length === 0 && state === "looking" && <Combobox.Empty>{t("finding.looking")}</Combobox.Empty>}
      {groups.map(({ head, items }) => (
        <Combobox.Group key={head} label={head}>
          {items.map(({ to, icon: Icon, title, more }) => (
            <Combobox.Option key={to} value={to} className={classes.option}>
              <Icon size={18} stroke={1.6} />
              <span className={classes.title}>{title}</span>
              {more !== undefined && <span className={classes.more}>{more}</span>}
            </Combobox.Option>
          ))}
        </Combobox.Group>
      ))}
      {state === "incomplete" && <Combobox.Empty>{t("finding.incomplete")}</Combobox.Empty>}
    </Combobox.Options>
  );
}
