// What the pages say. English stands in the sources; `messages.json` lists all of it, and a translation is one object
// from these texts to those of another language, in which the same numbered places stand where that language wants them.
import type { ComponentChildren } from "preact";

export type Translation = Readonly<Record<string, string>>;

const LANGUAGES: Readonly<Record<string, Translation>> = {};

let translation: Translation = LANGUAGES[globalThis.document?.documentElement.lang ?? "en"] ?? {};

/** Speak another language; texts that it lacks stay English. */
export function speak(language: Translation): void {
  translation = language;
}

const said = (text: string): string => translation[text] ?? text;

/** A text with values: `{0}` is the first one. */
export function t(text: string, ...values: readonly unknown[]): string {
  return said(text).replace(/\{(\d+)\}/g, (_, place: string) => String(values[Number(place)]));
}

/** A text around elements: `{0}` is the first one. */
export function tx(text: string, ...parts: readonly ComponentChildren[]): ComponentChildren {
  return said(text)
    .split(/\{(\d+)\}/)
    .map((part, index) => (index % 2 === 0 ? part : parts[Number(part)]));
}
