import type { UseFormReturnType } from "@mantine/form";
import type { PostValues } from "./post-form";

export type PostsForm = UseFormReturnType<PostValues>;
