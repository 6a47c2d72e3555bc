// Going to the identity provider, and what is remembered meanwhile: why, and where to return to.
import { signal } from "@preact/signals";

import { createProofAttempt, createSignInAttempt } from "../api/accounts";
import type { Proof } from "../api/types";

export type Purpose = "sign-in" | "proof";

interface Departed {
  readonly purpose: Purpose;
  readonly back: string;
}

/** Where the provider sends the browser back to. */
export const ARRIVAL = "/signed-in";

/** The proof for the next signature; it lives in this page only. */
export const heldProof = signal<Proof | null>(null);

const KEY = "edgewise.departed";

/** Leave for the provider. */
export async function depart(purpose: Purpose): Promise<void> {
  const { url } = await (purpose === "sign-in" ? createSignInAttempt() : createProofAttempt());
  const back = window.location.pathname + window.location.search;
  sessionStorage.setItem(KEY, JSON.stringify({ purpose, back }));
  window.location.assign(url);
}

/** Why this browser has left, and where it was; told once. */
export function departed(): Departed | null {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return text === null ? null : (JSON.parse(text) as Departed);
}
