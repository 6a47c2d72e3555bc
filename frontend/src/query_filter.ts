// What the address narrows a list to: texts as they stand there, and days of the reader's clock as moments.
import { endOfDay, startOfDay } from "./time";

/** The named fields of the address that say something. */
export function textsIn(query: URLSearchParams, names: readonly string[]): Record<string, string> {
  const found = names.map((name) => [name, query.get(name)?.trim() ?? ""] as const);
  return Object.fromEntries(found.filter(([, text]) => text !== ""));
}

/** From the start of one day to the end of another, as far as the address names them. */
export function spanIn(query: URLSearchParams): { since?: string; until?: string } {
  const [since, until] = [query.get("since"), query.get("until")];
  return {
    ...(since ? { since: startOfDay(since).toISOString() } : {}),
    ...(until ? { until: endOfDay(until).toISOString() } : {}),
  };
}
