// One function per operation of the API, named as its operationId.
import { listen, query, request, upload } from "./client";
import type * as T from "./types";
import { address } from "../router";

type Signal = AbortSignal | undefined;
type Cursor = string | null | undefined;

export const createSession = (name: string, password: string, code: string | null) =>
  request<T.Me>("POST", "/sessions", { body: { name, password, code } });
export const deleteSession = () => request<void>("DELETE", "/sessions/current");
export const getMe = () => request<T.Me>("GET", "/me");

export const listApiKeys = (cursor: Cursor, signal: Signal) =>
  request<T.Page<T.ApiKey>>("GET", `/api-keys${query({ cursor })}`, { signal });
export const createApiKey = (body: T.ApiKeyRequest) => request<T.NewApiKey>("POST", "/api-keys", { body });
export const deleteApiKey = (id: string) => request<void>("DELETE", address`/api-keys/${id}`);

export const listDatasets = (cursor: Cursor, signal: Signal) =>
  request<T.Page<T.Dataset>>("GET", `/datasets${query({ cursor, limit: 100 })}`, { signal });
export const getDataset = (id: string, signal: Signal) =>
  request<T.Dataset>("GET", address`/datasets/${id}`, { signal });
export const createDataset = (form: FormData, onSent: (share: number) => void, signal: AbortSignal) =>
  upload<T.Dataset>("/datasets", form, onSent, signal);
export const editSchema = (id: string, changes: T.SchemaOverrides) =>
  request<T.Dataset>("POST", address`/datasets/${id}/schema`, { body: changes });

export const listModels = (cursor: Cursor, signal: Signal, as_of: string | null = null) =>
  request<T.Page<T.Model>>("GET", `/models${query({ as_of, cursor })}`, { signal });
export const getModel = (model: string, signal: Signal) =>
  request<T.Model>("GET", address`/models/${model}`, { signal });
export const createModel = (body: T.ModelRequest) => request<T.Model>("POST", "/models", { body });

export const getReviewPolicy = (model: string, signal: Signal) =>
  request<T.ModelPolicy>("GET", address`/models/${model}/review-policy`, { signal });
export const putReviewPolicy = (model: string, etag: string, body: T.ReviewPolicy) =>
  request<T.ModelPolicy>("PUT", address`/models/${model}/review-policy`, { body, ifMatch: etag });

export const getReasonDictionary = (model: string, signal: Signal) =>
  request<T.ReasonDictionary>("GET", address`/models/${model}/reason-dictionary`, { signal });
export const putReasonDictionary = (model: string, etag: string, body: T.ReasonDictionaryRequest) =>
  request<T.ReasonDictionary>("PUT", address`/models/${model}/reason-dictionary`, { body, ifMatch: etag });
export const getReasonCoverage = (model: string, number: string | number, signal: Signal) =>
  request<T.ReasonCoverage>("GET", address`/models/${model}/versions/${number}/reason-coverage`, { signal });

export const listReferences = (model: string, number: string | number, signal: Signal) =>
  request<T.Page<T.Reference>>("GET", address`/models/${model}/versions/${number}/references`, { signal });
export const createReference = (model: string, number: string | number, body: T.ReferenceRequest) =>
  request<T.Reference>("POST", address`/models/${model}/versions/${number}/references`, { body });
export const getDefaultReference = (model: string, number: string | number) =>
  request<T.DefaultReference>("GET", address`/models/${model}/versions/${number}/default-reference`);
export const setDefaultReference = (
  model: string,
  number: string | number,
  etag: string,
  body: T.DefaultReferenceRequest,
) =>
  request<T.DefaultReference>("PUT", address`/models/${model}/versions/${number}/default-reference`, {
    body,
    ifMatch: etag,
  });

export const listTrainingJobs = (model: string | null, cursor: Cursor, signal: Signal) =>
  request<T.Page<T.TrainingJob>>("GET", `/training-jobs${query({ model, cursor })}`, { signal });
export const getTrainingJob = (id: string, signal: Signal) =>
  request<T.TrainingJob>("GET", address`/training-jobs/${id}`, { signal });
export const createTrainingJob = (body: T.TrainingJobRequest) =>
  request<T.TrainingJob>("POST", "/training-jobs", { body });
export const cancelTrainingJob = (id: string) =>
  request<T.TrainingJob>("POST", address`/training-jobs/${id}/cancel`);
export const retryTrainingJob = (id: string) =>
  request<T.TrainingJob>("POST", address`/training-jobs/${id}/retry`);
export const listWorkers = (signal: Signal) => request<T.Worker[]>("GET", "/workers", { signal });
export const streamTrainingJobEvents = (id: string, handlers: Record<string, (data: unknown) => void>) =>
  listen(address`/training-jobs/${id}/events`, handlers);

export const listSweeps = (model: string | null, cursor: Cursor, signal: Signal) =>
  request<T.Page<T.SweepSummary>>("GET", `/sweeps${query({ model, cursor })}`, { signal });
export const getSweep = (id: string, signal: Signal) =>
  request<T.Sweep>("GET", address`/sweeps/${id}`, { signal });
export const getSweepChart = (id: string, against: T.SweepSize, signal: Signal) =>
  request<T.Figure>("GET", address`/sweeps/${id}/chart` + query({ against }), { signal });
export const createSweep = (body: T.SweepRequest) => request<T.Sweep>("POST", "/sweeps", { body });
export const cancelSweep = (id: string) => request<T.Sweep>("POST", address`/sweeps/${id}/cancel`);

export const listVersions = (model: string, cursor: Cursor, signal: Signal) =>
  request<T.Page<T.Version>>("GET", address`/models/${model}/versions` + query({ cursor }), { signal });
export const getVersion = (model: string, number: string | number, signal: Signal) =>
  request<T.Version>("GET", address`/models/${model}/versions/${number}`, { signal });
export const getNetwork = (model: string, number: string | number, signal: Signal) =>
  request<T.Network>("GET", address`/models/${model}/versions/${number}/network`, { signal });
export const getEdge = (model: string, number: string | number, edge: string, signal: Signal) =>
  request<T.EdgeDetail>("GET", address`/models/${model}/versions/${number}/edges/${edge}`, { signal });
export const getEdgeChart = (model: string, number: string | number, edge: string, signal: Signal) =>
  request<T.Figure>("GET", address`/models/${model}/versions/${number}/edges/${edge}/chart`, { signal });
export const listFeatures = (model: string, number: string | number, signal: Signal) =>
  request<T.Features>("GET", address`/models/${model}/versions/${number}/features`, { signal });
export const getFeatureChart = (model: string, number: string | number, feature: string, signal: Signal) =>
  request<T.Figure>("GET", address`/models/${model}/versions/${number}/features/${feature}/chart`, { signal });
export const listInteractions = (model: string, number: string | number, signal: Signal) =>
  request<T.Page<T.Interaction>>("GET", address`/models/${model}/versions/${number}/interactions`, { signal });
export const getInteractionChart = (
  model: string,
  number: string | number,
  first: string,
  second: string,
  signal: Signal,
) => {
  const query = new URLSearchParams({ first, second }).toString();
  return request<T.Figure>(
    "GET",
    `${address`/models/${model}/versions/${number}/interactions/chart`}?${query}`,
    { signal },
  );
};
export const createRevision = (model: string, number: string | number, body: T.RevisionRequest) =>
  request<T.TrainingJob>("POST", address`/models/${model}/versions/${number}/revisions`, { body });
export const previewRevision = (
  model: string,
  number: string | number,
  body: T.PreviewRequest,
  signal: Signal,
) =>
  request<T.RevisionPreview>("POST", address`/models/${model}/versions/${number}/revision-preview`, {
    body,
    signal,
  });
export const compareVersions = (model: string, left: string | number, right: string | number, signal: Signal) =>
  request<T.VersionComparison>("GET", address`/models/${model}/versions/${left}/compare/${right}`, { signal });
export const getLineage = (model: string, signal: Signal) =>
  request<T.Lineage>("GET", address`/models/${model}/lineage`, { signal });
export const getFormula = (model: string, number: string | number, signal: Signal) =>
  request<T.Formula>("GET", address`/models/${model}/versions/${number}/formula`, { signal });
export const getVersionCertificates = (model: string, number: string | number, signal: Signal) =>
  request<T.Certificates>("GET", address`/models/${model}/versions/${number}/certificates`, { signal });
export const getChallengers = (model: string, number: string | number, signal: Signal) =>
  request<T.Challengers>("GET", address`/models/${model}/versions/${number}/challengers`, { signal });
export const createChallengers = (model: string, number: string | number) =>
  request<T.TrainingJob>("POST", address`/models/${model}/versions/${number}/challengers`);
export const exportAddress = (model: string, number: string | number, format: T.ExportFormat, output: number) =>
  address`/api/v1/models/${model}/versions/${number}/export/${format}` + query({ output: output || null });
export const getVersionInputs = (model: string, number: string | number, signal: Signal) =>
  request<T.VersionInputs>("GET", address`/models/${model}/versions/${number}/inputs`, { signal });

export const createVersionPredictions = (model: string, number: string | number, body: T.PredictionRequest) =>
  request<T.Predictions>("POST", address`/models/${model}/versions/${number}/predictions`, { body });
export const createTrialPredictions = (model: string, number: string | number, body: T.PredictionRequest) =>
  request<T.Predictions>("POST", address`/models/${model}/versions/${number}/trial-predictions`, { body });
export const previewPredictions = (
  model: string,
  number: string | number,
  body: T.PredictionRequest,
  signal: Signal,
) =>
  request<T.PredictionPreviews>("POST", address`/models/${model}/versions/${number}/prediction-preview`, {
    body,
    signal,
  });
export const createVersionCounterfactuals = (
  model: string,
  number: string | number,
  body: T.CounterfactualRequest,
) => request<T.Counterfactuals>("POST", address`/models/${model}/versions/${number}/counterfactuals`, { body });
export const listPredictions = (search: T.PredictionSearch, cursor: Cursor, signal: Signal) =>
  request<T.Page<T.PredictionSummary>>("GET", `/predictions${query({ limit: 10, ...search, cursor })}`, {
    signal,
  });
export const getPrediction = (id: string, signal: Signal) =>
  request<T.StoredPrediction>("GET", address`/predictions/${id}`, { signal });
export const getPredictionChart = (id: string, kind: "waterfall" | "flow", signal: Signal) =>
  request<T.Figure>("GET", `${address`/predictions/${id}/chart`}${query({ kind })}`, { signal });
export const predictionPicture = (id: string, kind: "waterfall" | "flow"): string =>
  `/api/v1${address`/predictions/${id}/picture`}${query({ kind, format: "svg" })}`;
export const replayPrediction = (id: string) => request<T.Replay>("POST", address`/predictions/${id}/replay`);

export const listReviews = (state: T.ReviewState | null, cursor: Cursor, signal: Signal) =>
  request<T.Page<T.Review>>("GET", `/reviews${query({ state, cursor })}`, { signal });
export const getReview = (id: string, signal: Signal) =>
  request<T.Review>("GET", address`/reviews/${id}`, { signal });
export const createReview = (body: T.ReviewRequest) => request<T.Review>("POST", "/reviews", { body });
export const decideEdge = (id: string, edge: string, etag: string, body: T.EdgeDecisionRequest) =>
  request<T.ReviewEdge>("PUT", address`/reviews/${id}/edges/${edge}`, { body, ifMatch: etag });
export const createSignature = (id: string, body: T.SignatureRequest) =>
  request<T.Review>("POST", address`/reviews/${id}/signatures`, { body });

export const listReviewGates = (id: string, signal: Signal) =>
  request<T.Page<T.GateResult>>("GET", address`/reviews/${id}/gates`, { signal });
export const withdrawReview = (id: string, reason: string) =>
  request<T.Review>("POST", address`/reviews/${id}/withdrawal`, { body: { reason } });
export const requestChanges = (id: string, reason: string) =>
  request<T.Review>("POST", address`/reviews/${id}/change-request`, { body: { reason } });

export const listSuspensions = (model: string, number: number, signal: Signal) =>
  request<T.Page<T.Suspension>>("GET", address`/models/${model}/versions/${number}/suspensions`, { signal });
export const createSuspension = (model: string, number: number, reason: string) =>
  request<T.Suspension>("POST", address`/models/${model}/versions/${number}/suspensions`, { body: { reason } });
export const requestResumption = (model: string, number: number, reason: string) =>
  request<T.Suspension>(
    "PUT",
    address`/models/${model}/versions/${number}/suspensions/current/resumption-request`,
    { body: { reason } },
  );
export const confirmResumption = (model: string, number: number) =>
  request<T.Suspension>("POST", address`/models/${model}/versions/${number}/suspensions/current/resumption`);

export const retireVersion = (model: string, number: number, reason: string) =>
  request<undefined>("POST", address`/models/${model}/versions/${number}/retirement`, { body: { reason } });

export const listFindings = (model: string, number: number, signal: Signal) =>
  request<T.Page<T.Finding>>("GET", address`/models/${model}/versions/${number}/findings`, { signal });
export const createFinding = (model: string, number: number, body: T.FindingRequest) =>
  request<T.Finding>("POST", address`/models/${model}/versions/${number}/findings`, { body });
export const resolveFinding = (id: string, resolution: string) =>
  request<T.Finding>("POST", address`/findings/${id}/resolution`, { body: { resolution } });
export const verifyFinding = (id: string, is_resolved: boolean, comment: string) =>
  request<T.Finding>("POST", address`/findings/${id}/verification`, { body: { is_resolved, comment } });

export const evidenceAddress = (model: string, number: number) =>
  address`/api/v1/models/${model}/versions/${number}/evidence`;
export const rollBackAlias = (model: string, alias: string, etag: string) =>
  request<T.Alias>("POST", address`/models/${model}/aliases/${alias}/rollback`, { ifMatch: etag });

export const getAlias = (model: string, alias: string, signal: Signal) =>
  request<T.Alias>("GET", address`/models/${model}/aliases/${alias}`, { signal });
export const moveAlias = (model: string, alias: string, etag: string, version: number) =>
  request<T.Alias>("PUT", address`/models/${model}/aliases/${alias}`, { body: { version }, ifMatch: etag });
export const listAliasHistory = (model: string, alias: string, at: string | null, signal: Signal) =>
  request<T.Page<T.AliasMove>>("GET", address`/models/${model}/aliases/${alias}/history` + query({ at }), {
    signal,
  });

export const listAuditEvents = (filter: T.AuditFilter, cursor: Cursor, signal: Signal) =>
  request<T.Page<T.AuditEvent>>("GET", `/audit-events${query({ ...filter, cursor })}`, { signal });
export const auditExportAddress = (filter: T.AuditFilter) => `/api/v1/audit-events/export${query(filter)}`;
export const verifyAuditTrail = (signal: Signal) =>
  request<T.Verification>("GET", "/audit-events/verification", { signal });
