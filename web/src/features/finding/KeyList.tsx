import { Group, Kbd, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/account";
import { usePreferences } from "../../preferences";
import { Dialog } from "../../ui/Dialog";
import { letterOf, placesOf } from "../../ui/frame/places";
import { LettersSwitch } from "./LettersSwitch";
import { useModifier } from "./useModifier";

/** The keys that there are, and whether single letters are some of them. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const admin = useSession()?.account.role === "ADMIN";
  const { letters } = usePreferences();
  const modifier = useModifier();
  const places = placesOf(admin).filter((place) => letterOf(place) !== null);
  return (
    <Dialog title={t("shortcuts.title")} onClose={onClose}>
      <Stack gap="md">
        <Stack gap={6}>
          <Line text={t("shortcuts.search")} keys={[modifier, "K"]} />
          {letters && <Line text={t("shortcuts.search")} keys={["/"]} />}
          {letters && <Line text={t("shortcuts.list")} keys={["?"]} />}
        </Stack>
        {letters && (
          <Stack gap={6}>
            <Title order={3}>{t("shortcuts.go")}</Title>
            {places.map((place) => (
              <Line key={place.to} text={t(place.text)} keys={["g", letterOf(place) ?? ""]} />
            ))}
          </Stack>
        )}
        <LettersSwitch />
      </Stack>
    </Dialog>
  );
}

function Line({ text, keys }: { text: string; keys: string[] }) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm">{text}</Text>
      <Group gap={4} wrap="nowrap">
        {keys.map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </Group>
    </Group>
  );
}
