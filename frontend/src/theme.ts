// Light or dark: what the system prefers, unless the reader has chosen here.
import { computed, effect, signal } from "@preact/signals";

export type Theme = "light" | "dark";

const KEY = "edgewise.theme";
const systemQuery = matchMedia("(prefers-color-scheme: dark)");

const systemTheme = signal<Theme>(systemQuery.matches ? "dark" : "light");
const chosenTheme = signal<Theme | null>(readChoice());

/** The theme in force. */
export const theme = computed<Theme>(() => chosenTheme.value ?? systemTheme.value);

function readChoice(): Theme | null {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : null;
}

/** Turn to the other theme and remember it; choosing what the system prefers forgets the choice. */
export function toggleTheme(): void {
  const next: Theme = theme.value === "dark" ? "light" : "dark";
  if (next === systemTheme.value) {
    chosenTheme.value = null;
    localStorage.removeItem(KEY);
  } else {
    chosenTheme.value = next;
    localStorage.setItem(KEY, next);
  }
}

/** Keep the document's theme in step with the choice and with the system. */
export function followTheme(): void {
  systemQuery.addEventListener("change", (event) => {
    systemTheme.value = event.matches ? "dark" : "light";
  });
  // Paper is white.
  addEventListener("beforeprint", () => show("light"));
  addEventListener("afterprint", () => show(theme.value));
  effect(() => show(theme.value));
}

function show(shown: Theme): void {
  document.documentElement.dataset["theme"] = shown;
}
