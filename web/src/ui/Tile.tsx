import { Card, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** A figure with its name. */
export function Tile({ name, value }: { name: string; value: ReactNode }) {
  return (
    <Card padding="md">
      <Text size="xs" c="var(--quiet)">
        {name}
      </Text>
      <Text size="xl" fw={600} className="figure">
        {typeof value === "number" ? value.toLocaleString("en") : value}
      </Text>
    </Card>
  );
}
