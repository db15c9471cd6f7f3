import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { LogLine } from "../../../api/schema";
import { CopyText } from "../../../ui/CopyText";
import type { Column } from "../../../ui/DataTable";
import { When } from "../../../ui/When";
import { ResultBadge } from "../ResultBadge";
import { WhyText } from "../WhyText";
import classes from "./Log.module.css";

export function useLogColumns(): Column<LogLine>[] {
  const { t } = useTranslation();
  return [
    {
      head: t("log.time"),
      cell: (line) => (
        <Whole>
          <When at={line.at} />
        </Whole>
      ),
    },
    {
      head: t("log.group"),
      cell: (line) => (
        <Whole>
          <CopyText value={line.group} />
        </Whole>
      ),
    },
    {
      head: t("log.result"),
      cell: (line) => (
        <Whole>
          <ResultBadge result={line.result} />
        </Whole>
      ),
    },
    { head: t("log.why"), cell: (line) => <WhyText refusal={line} /> },
    {
      head: t("log.account"),
      minor: true,
      cell: (line) => <Whole>{line.session ?? t("common.none")}</Whole>,
    },
  ];
}

function Whole({ children }: { children: ReactNode }) {
  return <div className={classes.whole}>{children}</div>;
}
