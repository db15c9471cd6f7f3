import type { ReactNode } from "react";
import type { AdbotState } from "../../api/schema";
import type { AdbotTab } from "../../routing/adbot-search";
import { AdbotGroups } from "../groups/AdbotGroups";
import { FiguresView } from "./figures/FiguresView";
import { LiveLog } from "./log/LiveLog";
import { PostForm } from "./post/PostForm";
import { SeatTable } from "./seats/SeatTable";
import { TimetableForm } from "./timetable/TimetableForm";

/** What each tab of an adbot's page holds. */
export const TAB_CONTENTS: Record<AdbotTab, (adbot: AdbotState) => ReactNode> = {
  log: (adbot) => <LiveLog adbot={adbot.id} />,
  groups: (adbot) => <AdbotGroups adbot={adbot} />,
  post: (adbot) => <PostForm adbot={adbot} />,
  timetable: (adbot) => <TimetableForm adbot={adbot} />,
  accounts: (adbot) => <SeatTable adbot={adbot} />,
  figures: (adbot) => <FiguresView adbot={adbot.id} />,
};
