// What was changed in a row, in the fragment of the address: browsers never send it, so that no log of a server or
// proxy keeps the values of a person.
import type { RowTexts } from "../row_form";

/** A gap; no value of a row can contain this. */
const GAP = "\u0000";

/** The fragment for the fields that differ from where one began; empty where none does. */
export function hashOf(start: RowTexts, now: RowTexts): string {
  const changed = new URLSearchParams();
  for (const [name, text] of Object.entries(now)) {
    if (text !== start[name]) changed.set(name, text ?? GAP);
  }
  const text = changed.toString();
  return text ? `#${text}` : "";
}

/** The row that a fragment means; names that are no field of the row are passed over. */
export function rowOf(start: RowTexts, hash: string): RowTexts {
  const changed = new URLSearchParams(hash.replace(/^#/, ""));
  return Object.fromEntries(
    Object.entries(start).map(([name, text]) => {
      const value = changed.get(name);
      return [name, value === null ? text : value === GAP ? null : value];
    }),
  );
}
