import { Drawer, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type StreamKey, useLetters } from "../../api/system";
import { Loaded } from "../../ui/Loaded";
import { useFocusBack } from "../../ui/useFocusBack";
import { LetterList } from "./LetterList";
import { StreamActs } from "./StreamActs";
import classes from "./StreamDrawer.module.css";

/** A blocked stream: its dead letters with masked contents, and what can be done. */
export function StreamDrawer({ stream, onClose }: { stream: StreamKey; onClose: () => void }) {
  const { t } = useTranslation();
  useFocusBack();
  const query = useLetters(stream);
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={stream.stream}
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ "aria-label": t("common.close") }}
      classNames={{ title: classes.title }}
    >
      <Stack gap="md">
        <Text size="sm" c="var(--quiet)">
          {t("deadLetters.blockedFor", stream)}
        </Text>
        <Loaded query={query}>
          {(letters) => (
            <>
              <StreamActs stream={stream} letters={letters} onDone={onClose} />
              <LetterList letters={letters.letters} />
              {letters.more && <Text size="sm">{t("deadLetters.moreBehind")}</Text>}
            </>
          )}
        </Loaded>
      </Stack>
    </Drawer>
  );
}
