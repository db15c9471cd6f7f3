import { Card, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { whole } from "./size";

/** A figure with its name. */
export function Tile({ name, value }: { name: string; value: ReactNode }) {
  return (
    <Card padding="md">
      <Text size="xs" c="var(--quiet)">
        {name}
      </Text>
      <Text size="xl" fw={600} className="figure">
        {typeof value === "number" ? whole(value) : value}
      </Text>
    </Card>
  );
}
