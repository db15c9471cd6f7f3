import { Badge, Group, List, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useCoins } from "../../api/buying";
import { useCoinLabel } from "../checkout/useCoinLabel";

const LINES = ["exact", "live", "partial", "late"] as const;

/** What paying is like, and the coins that are taken. */
export function HowPaying() {
  const { t } = useTranslation();
  const coins = useCoins().data?.items ?? [];
  const label = useCoinLabel();
  return (
    <SimpleGrid component="section" cols={{ base: 1, sm: 2 }} spacing="xl">
      <Stack gap="md">
        <Title order={2}>{t("home.paying")}</Title>
        <List spacing="sm" c="var(--quiet)">
          {LINES.map((line) => (
            <List.Item key={line}>{t(`home.payingLines.${line}`)}</List.Item>
          ))}
        </List>
      </Stack>
      {coins.length > 0 && (
        <Stack gap="md">
          <Title order={3}>{t("home.coins")}</Title>
          <Group gap="xs">
            {coins.map((coin) => (
              <Badge key={coin.code} size="lg" color="gray">
                {label(coin)}
              </Badge>
            ))}
          </Group>
          <Text size="sm" c="var(--quiet)">
            {t("home.coinsText")}
          </Text>
        </Stack>
      )}
    </SimpleGrid>
  );
}
