import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useSession } from "../../api/account";
import { usePreferences } from "../../preferences";
import { letterOf, placesOf } from "../../ui/frame/places";
import { isField, meaningOf } from "./letters";

const TOGETHER_MS = 1500;

/** Makes ⌘K, /, ? and g with a letter work on all pages of those who are signed in. */
export function useLetters(search: () => void, list: () => void): void {
  const navigate = useNavigate();
  const admin = useSession()?.account.role === "ADMIN";
  const { letters } = usePreferences();
  const begunAt = useRef(0);
  useEffect(() => {
    const places = new Map(placesOf(admin).map((place) => [letterOf(place) ?? "", place.to as string]));
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        search();
        return;
      }
      if (!letters || event.defaultPrevented || isField(event.target)) return;
      const meaning = meaningOf(event, event.timeStamp - begunAt.current < TOGETHER_MS, places);
      begunAt.current = meaning?.act === "begin" ? event.timeStamp : 0;
      if (meaning === null || meaning.act === "begin") return;
      event.preventDefault();
      if (meaning.act === "go") void navigate({ to: meaning.to });
      else if (meaning.act === "search") search();
      else list();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [admin, letters, navigate, search, list]);
}
