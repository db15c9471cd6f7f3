import { Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { LettersView } from "../../api/schema";
import { dropLetters, retryStream, type StreamKey } from "../../api/system";
import { ActButton } from "../../ui/acts/ActButton";
import type { Act } from "../../ui/acts/act";

type Props = { stream: StreamKey; letters: LettersView; onDone: () => void };

/**
 * What can be done with a blocked stream: retry it, drop the event that failed, drop everything.
 *
 * Once another event is the first, nobody is asked about the last one any more.
 */
export function StreamActs({ stream, letters, onDone }: Props) {
  const { t } = useTranslation();
  const first = letters.letters[0];
  if (first === undefined) return null;
  const named = { type: first.type, version: first.version, id: first.id, ...stream };
  const act = (name: "retry" | "drop" | "dropAll", done: (reason: string) => Promise<void>): Act => ({
    title: t(`deadLetters.${name}`),
    consequence: t(`deadLetters.consequence.${name}`, named),
    danger: name !== "retry",
    reason: true,
    run: async (reason) => {
      await done(reason);
      onDone();
    },
  });
  const drop = (rest: boolean) => (reason: string) =>
    dropLetters({ ...stream, event: first.id, rest, reason });
  return (
    <Group key={first.id} gap="xs">
      <ActButton
        size="compact-md"
        variant="filled"
        act={act("retry", (reason) => retryStream({ ...stream, reason }))}
      />
      <ActButton size="compact-md" act={act("drop", drop(false))} />
      {letters.letters.length > 1 && <ActButton size="compact-md" act={act("dropAll", drop(true))} />}
    </Group>
  );
}
