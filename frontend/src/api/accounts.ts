// Operations on accounts: people, their passwords, second factors and identity provider.
import { query, request } from "./client";
import type * as T from "./types";
import { address } from "../router";

type Signal = AbortSignal | undefined;

export const listUsers = (cursor: string | null | undefined, signal: Signal) =>
  request<T.Page<T.Account>>("GET", `/users${query({ cursor })}`, { signal });
export const resetPassword = (name: string) =>
  request<T.OneTimePassword>("POST", address`/users/${name}/password-reset`);
export const resetSecondFactor = (name: string) =>
  request<undefined>("POST", address`/users/${name}/second-factor-reset`);
export const changePassword = (current_password: string, new_password: string) =>
  request<undefined>("PUT", "/me/password", { body: { current_password, new_password } });
export const getSecondFactor = (signal: Signal) =>
  request<T.SecondFactor>("GET", "/me/second-factor", { signal });
export const beginSecondFactor = (password: string) =>
  request<T.NewSecondFactor>("PUT", "/me/second-factor", { body: { password } });
export const confirmSecondFactor = (code: string) =>
  request<T.RecoveryCodes>("POST", "/me/second-factor/confirmation", { body: { code } });
export const removeSecondFactor = (password: string, code: string) =>
  request<undefined>("POST", "/me/second-factor/removal", { body: { password, code } });
export const endAllSessions = () => request<undefined>("DELETE", "/sessions");
export const createUser = (body: T.AccountRequest) => request<T.NewAccount>("POST", "/users", { body });
export const disableUser = (name: string) => request<undefined>("POST", address`/users/${name}/disablement`);
export const enableUser = (name: string) => request<undefined>("DELETE", address`/users/${name}/disablement`);

export const getIdentityProvider = (signal: Signal) =>
  request<T.ProviderTitle>("GET", "/identity-provider", { signal });
export const createSignInAttempt = () => request<T.Departure>("POST", "/identity-provider/attempts");
export const createProviderSession = (body: T.ProviderAnswer) =>
  request<T.Me>("POST", "/identity-provider/sessions", { body });
export const createProofAttempt = () => request<T.Departure>("POST", "/identity-provider/proof-attempts");
export const createProof = (body: T.ProviderAnswer) => request<T.Proof>("POST", "/identity-provider/proofs", { body });
