import { Group, Slider, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

type Props = { versions: number; version: number; onChange: (version: number) => void };

const PAUSE_MS = 120;

/** Goes through the versions of a stream, by pointer or by arrow keys. */
export function VersionSlider({ versions, version, onChange }: Props) {
  const { t } = useTranslation();
  const [at, setAt] = useState(version);
  useEffect(() => setAt(version), [version]);
  useEffect(() => {
    if (at === version) return;
    const timer = setTimeout(() => onChange(at), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [at, version, onChange]);
  if (versions < 2) return null;
  return (
    <Group gap="md" wrap="nowrap">
      <Slider
        flex={1}
        min={1}
        max={versions}
        step={1}
        value={at}
        onChange={setAt}
        label={null}
        thumbLabel={t("events.stream.slider")}
      />
      <Text size="sm" w={110} ta="right" className="figure">
        {t("events.stream.version", { version: at, versions })}
      </Text>
    </Group>
  );
}
