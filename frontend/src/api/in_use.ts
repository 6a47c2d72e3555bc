// Operations on models in use: drift, the challenger beside the champion, tables scored, records exported and replayed.
import { query, request, upload } from "./client";
import type * as T from "./types";
import { address } from "../router";

type Signal = AbortSignal | undefined;

export const getDrift = (model: string, number: string | number, signal: Signal) =>
  request<T.Drift>("GET", address`/models/${model}/versions/${number}/drift`, { signal });
export const getShadow = (model: string, signal: Signal) =>
  request<T.Shadow>("GET", address`/models/${model}/shadow`, { signal });

export const createScoringJob = (
  model: string,
  form: FormData,
  onSent: (share: number) => void,
  signal: AbortSignal,
) => upload<T.ScoringJob>(address`/models/${model}/scoring-jobs`, form, onSent, signal);
export const getScoringJob = (id: string, signal: Signal) =>
  request<T.ScoringJob>("GET", address`/scoring-jobs/${id}`, { signal });
export const cancelScoringJob = (id: string) =>
  request<T.ScoringJob>("POST", address`/scoring-jobs/${id}/cancel`);
export const scoringResultAddress = (id: string, format: T.ScoreFormat) =>
  address`/api/v1/scoring-jobs/${id}/result` + query({ format });

export const predictionsExportAddress = (search: T.PredictionSearch, format: T.RecordFormat) =>
  "/api/v1/predictions/export" + query({ ...search, format });
export const createReplayJob = (model: string, search: T.ReplayRequest) =>
  request<T.ReplayJob>("POST", address`/models/${model}/replay-jobs`, { body: search });
export const getReplayJob = (id: string, signal: Signal) =>
  request<T.ReplayJob>("GET", address`/replay-jobs/${id}`, { signal });
export const cancelReplayJob = (id: string) => request<T.ReplayJob>("POST", address`/replay-jobs/${id}/cancel`);
