import { Affix, Button } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

const MANY = 100;

type Props = { count: number; onShow: () => void };

/** Says how many lines wait while the page is scrolled; shows them and leads to the top. */
export function NewLines({ count, onShow }: Props) {
  const { t } = useTranslation();
  const show = () => {
    window.scrollTo({ top: 0 });
    onShow();
  };
  return (
    <div role="status">
      {count > 0 && (
        <Affix position={{ top: 68, left: "50%" }} withinPortal={false}>
          <Button radius="xl" size="xs" leftSection={<IconArrowUp size={14} />} onClick={show}>
            {count < MANY ? t("log.new", { count }) : t("log.newMany", { count: MANY - 1 })}
          </Button>
        </Affix>
      )}
    </div>
  );
}
