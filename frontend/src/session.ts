// Who is signed in, and what they may do.
import { signal } from "@preact/signals";

import { createProviderSession } from "./api/accounts";
import { Problem, whenSignedOut } from "./api/client";
import { createSession, deleteSession, getMe } from "./api/operations";
import type { Me, ProviderAnswer } from "./api/types";

export type Session =
  | { readonly status: "unknown" }
  | { readonly status: "signed-out" }
  | { readonly status: "signed-in"; readonly me: Me }
  | { readonly status: "broken"; readonly problem: Problem };

/** Notes that somebody signed in here, so that the server is not asked in vain; the session is a cookie. */
const KEY = "edgewise.signed-in";

export const session = signal<Session>({ status: "unknown" });

/** Ask the server who we are. */
export async function restoreSession(): Promise<void> {
  if (localStorage.getItem(KEY) === null) {
    session.value = { status: "signed-out" };
    return;
  }
  session.value = { status: "unknown" };
  try {
    session.value = { status: "signed-in", me: await getMe() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) noteSignedOut();
    else session.value = { status: "broken", problem: error };
  }
}

/** Sign in; raises Problem when the name, the password or the code is wrong, or a code is needed. */
export async function signIn(name: string, password: string, code: string | null): Promise<void> {
  session.value = { status: "signed-in", me: await createSession(name, password, code) };
  localStorage.setItem(KEY, "yes");
}

/** Sign in with the identity provider's answer; raises Problem when it does not hold. */
export async function enter(answer: ProviderAnswer): Promise<void> {
  session.value = { status: "signed-in", me: await createProviderSession(answer) };
  localStorage.setItem(KEY, "yes");
}

/** End the session here and on the server. */
export async function signOut(): Promise<void> {
  await deleteSession();
  noteSignedOut();
}

/** Whether the person may do this; the name is that of the operation. */
export function may(operation: string): boolean {
  return session.value.status === "signed-in" && session.value.me.permissions.includes(operation);
}

export function noteSignedOut(): void {
  localStorage.removeItem(KEY);
  session.value = { status: "signed-out" };
}

whenSignedOut(noteSignedOut);
