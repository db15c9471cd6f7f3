/** Why something was not sent, in words, and what a client can do about it. */

import type { ResultClass } from "../../api/schema";
import type en from "../../texts/en.json";

type Reason = keyof typeof en.why;

/** Telegram's names of errors, and our own, that say more than their class. */
const BY_ERROR: [RegExp, Reason][] = [
  [/^STILL_NEWEST/, "still_newest"],
  [/^DAILY_BUDGET/, "daily_budget"],
  [/^(RESOLVE_BUDGET|METHOD_RESTS)/, "look_up_later"],
  [/^JOIN_BUDGET/, "join_later"],
  [/^JOIN_REQUESTED/, "join_requested"],
  [/^MAY_HAVE_ARRIVED/, "may_have_arrived"],
  [/^TARGET_BLOCKED/, "blocked"],
  [/^(TOO_MANY_CHATS|CHANNELS_TOO_MUCH)/, "too_many_chats"],
  [/^(USER_BANNED_IN_CHANNEL|CHAT_RESTRICTED|USER_RESTRICTED|CHAT_FORBIDDEN)/, "banned"],
  [/^(CHAT_WRITE_FORBIDDEN|CHAT_GUEST_SEND_FORBIDDEN|CHAT_ADMIN_REQUIRED)/, "may_not_write"],
  [/^(CHANNEL_PRIVATE|NOT_A_MEMBER|USER_NOT_PARTICIPANT)/, "not_a_member"],
  [/^(CHAT_SEND_|SLOWMODE_MULTI)/, "kind_forbidden"],
  [/^(MESSAGE_TOO_LONG|MEDIA_CAPTION_TOO_LONG|MESSAGE_EMPTY)/, "text_length"],
  [/^(USERNAME_|NAME_MOVED)/, "no_such_name"],
  [/^INVITE_HASH/, "invite_ended"],
  [/^(NOT_A_GROUP|PEER_ID_INVALID|CHAT_ID_INVALID)/, "no_group"],
  [/^TOPIC_CLOSED/, "topic_closed"],
  [/^(TOPIC_|NO_TOPICS|CHANNEL_FORUM_MISSING|REPLY_MESSAGE_ID)/, "no_topic"],
  [/^CHAT_FORWARDS_RESTRICTED/, "forwards_forbidden"],
  [/^(MESSAGE_ID_INVALID|MESSAGE_IDS_EMPTY|MSG_ID_INVALID)/, "post_gone"],
];

/** These are about whether a seat may write: without a seat, all of them were refused before. */
const OF_SEATS = new Set<Reason>(["banned", "may_not_write", "not_a_member", "TARGET_DENIED"]);

type Refusal = { result: ResultClass; error: string; session: string | null };

/** Returns the key of the reason's texts; null where the post has arrived. */
export function reasonOf({ result, error, session }: Refusal): Reason | null {
  if (result === "SENT") return null;
  const reason = BY_ERROR.find(([name]) => name.test(error))?.[1] ?? result;
  return session === null && OF_SEATS.has(reason) ? "nobody_may" : reason;
}
