import { SimpleGrid, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconListDetails, IconPlayerPlay, IconShoppingCart } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

const STEPS = [
  { step: "buy", icon: IconShoppingCart },
  { step: "set", icon: IconListDetails },
  { step: "start", icon: IconPlayerPlay },
] as const;

/** From a plan to messages in groups, in three steps. */
export function HowItWorks() {
  const { t } = useTranslation();
  return (
    <Stack gap="lg" component="section">
      <Title order={2}>{t("home.how")}</Title>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xl">
        {STEPS.map(({ step, icon: Icon }, index) => (
          <Stack key={step} gap="xs">
            <ThemeIcon size={40} radius="md" variant="light">
              <Icon size={20} stroke={1.6} />
            </ThemeIcon>
            <Title order={3}>
              {index + 1}. {t(`home.steps.${step}`)}
            </Title>
            <Text c="var(--quiet)">{t(`home.steps.${step}Text`)}</Text>
          </Stack>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
