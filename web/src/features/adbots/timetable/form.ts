import type { UseFormReturnType } from "@mantine/form";
import type { PacingValues } from "./pacing-form";

export type PacingForm = UseFormReturnType<PacingValues>;
