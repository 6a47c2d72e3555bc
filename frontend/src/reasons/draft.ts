// A reason dictionary while it is edited: entries with keys of their own, texts in all its languages.
import type { ReasonDictionary, ReasonDictionaryRequest, ReasonEntry } from "../api/types";

export interface DraftEntry extends ReasonEntry {
  /** Keeps a row's fields together while others come and go. */
  key: number;
}

export interface Draft {
  locales: readonly string[];
  entries: readonly DraftEntry[];
}

let lastKey = 0;

const keyed = (entry: ReasonEntry): DraftEntry => ({ ...entry, key: ++lastKey });

export function draftOf(dictionary: ReasonDictionary): Draft {
  const first = dictionary.entries[0];
  return {
    locales: first ? Object.keys(first.texts).sort(englishFirst) : ["en"],
    entries: dictionary.entries.map(keyed),
  };
}

const englishFirst = (a: string, b: string): number =>
  Number(b === "en") - Number(a === "en") || a.localeCompare(b);

/** The draft with a new entry at its end. */
export function withEntry(draft: Draft, feature: string, when: ReasonEntry["when"]): Draft {
  const code = `R${String(draft.entries.length + 1).padStart(2, "0")}`;
  const texts = Object.fromEntries(draft.locales.map((locale) => [locale, ""]));
  return { ...draft, entries: [...draft.entries, keyed({ features: [feature], when, code, texts })] };
}

export function withChange(draft: Draft, key: number, change: Partial<ReasonEntry>): Draft {
  const entries = draft.entries.map((entry) => (entry.key === key ? { ...entry, ...change } : entry));
  return { ...draft, entries };
}

export function without(draft: Draft, key: number): Draft {
  return { ...draft, entries: draft.entries.filter((entry) => entry.key !== key) };
}

export function withLocale(draft: Draft, locale: string): Draft {
  if (draft.locales.includes(locale)) return draft;
  const entries = draft.entries.map((entry) => ({ ...entry, texts: { ...entry.texts, [locale]: "" } }));
  return { locales: [...draft.locales, locale], entries };
}

export function requestOf(draft: Draft): ReasonDictionaryRequest {
  return { entries: draft.entries.map(({ key: _, ...entry }) => entry) };
}
