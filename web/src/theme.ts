import {
  ActionIcon,
  Button,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
} from "@mantine/core";

/** From text to the lowest surface: surfaces get lighter as they come nearer, and none is pure black. */
const dark: MantineColorsTuple = [
  "#dcdce3",
  "#b7b7c1",
  "#a0a0ab",
  "#6d6d79",
  "#34343d",
  "#2a2a32",
  "#1c1c22",
  "#141418",
  "#101014",
  "#0b0b0e",
];

/** The one design language: an accent for the one thing to do on a page, neutral for the rest. */
export const theme = createTheme({
  colors: { dark },
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 7 },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, monospace",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "28px", lineHeight: "1.25" },
      h2: { fontSize: "20px", lineHeight: "1.3" },
      h3: { fontSize: "16px", lineHeight: "1.4" },
    },
  },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "4px", sm: "6px", md: "10px", lg: "14px" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  // as plain objects, so that only pages that show these components load them
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Badge: { defaultProps: { variant: "light", radius: "sm", tt: "none", fw: 500 } },
    Button: Button.extend({ defaultProps: { size: "sm", fw: 500 } }),
    Card: { defaultProps: { withBorder: true, padding: "lg", radius: "md" } },
    DrawerHeader: { defaultProps: { role: "presentation" } }, // no second banner of the page
    ModalHeader: { defaultProps: { role: "presentation" } }, // no second banner of the page
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 100 } } },
  },
});

const RED_BUTTONS = {
  "--mantine-color-red-filled": "#c92a2a",
  "--mantine-color-red-filled-hover": "#b02525",
};

/** Colours of texts with enough contrast on their surfaces, in both schemes. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...RED_BUTTONS,
    "--mantine-color-dimmed": "#62626d",
    "--mantine-color-placeholder": "#6f6f7b",
    "--mantine-color-error": "#c22525",
    "--mantine-color-anchor": "#3b5bdb",
    "--mantine-color-indigo-light-hover": "#d0dbff",
    "--mantine-color-indigo-light-color": "#364fc7",
    "--mantine-color-teal-light-color": "#066649",
    "--mantine-color-yellow-light-color": "#7a4a00",
    "--mantine-color-red-light-color": "#a51d1d",
    "--mantine-color-gray-light-color": "#495057",
  },
  dark: {
    ...RED_BUTTONS,
    "--mantine-color-gray-light": "#2a2a32",
    "--mantine-color-dimmed": "#a0a0ab",
    "--mantine-color-placeholder": "#8b8b97",
    "--mantine-color-error": "#ff8787",
    "--mantine-color-yellow-light": "#3a2b0c",
    "--mantine-color-yellow-light-color": "#ffd98a",
  },
});
