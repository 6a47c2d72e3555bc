// The shapes of the API by the names that the pages use; the shapes themselves are generated from its OpenAPI.
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type Alias = Schemas["Alias"];
export type AliasMove = Schemas["AliasMove"];
export type ApiKey = Schemas["ApiKey"];
export type ApiKeyRequest = Schemas["ApiKeyRequest"];
export type AuditEvent = Schemas["AuditEvent"];
export type Candidate = Schemas["Candidate"];
export type Certificate = Schemas["Certificate"];
export type Certificates = Schemas["Certificates"];
export type Counterfactual = Schemas["Counterfactual"];
export type CounterfactualRequest = Schemas["CounterfactualRequest"];
export type Counterfactuals = Schemas["Counterfactuals"];
export type DefaultReference = Schemas["DefaultReference"];
export type DefaultReferenceRequest = Schemas["DefaultReferenceRequest"];
export type Dataset = Schemas["Dataset"];
export type EdgeContribution = Schemas["EdgeContribution"];
export type EdgeDecisionRequest = Schemas["EdgeDecisionRequest"];
export type EdgeDetail = Schemas["EdgeDetail"];
export type Feature = Schemas["Feature"];
export type Features = Schemas["Features"];
export type FeatureStrength = Schemas["FeatureStrength"];
export type FieldError = Schemas["ProblemField"];
export type Figure = Schemas["Figure"];
export type Formula = Schemas["Formula"];
export type FormulaAgreement = Schemas["FormulaAgreement"];
export type Goal = Schemas["Goal"];
export type Me = Schemas["Me"];
export type Interaction = Schemas["Interaction"];
export type Model = Schemas["Model"];
export type ModelRequest = Schemas["ModelRequest"];
export type Network = Schemas["Network"];
export type NetworkEdge = Schemas["Edge"];
export type NetworkNode = Schemas["Node"];
export type NewApiKey = Schemas["NewApiKey"];
export type Prediction = Schemas["Prediction"];
export type PredictionRequest = Schemas["PredictionRequest"];
export type Predictions = Schemas["Predictions"];
export type PredictionSummary = Schemas["PredictionSummary"];
export type ProblemDocument = Schemas["Problem"];
export type Progress = Schemas["Progress"];
export type ReasonCoverage = Schemas["ReasonCoverage"];
export type ReasonDictionary = Schemas["ReasonDictionary"];
export type ReasonDictionaryRequest = Schemas["ReasonDictionaryRequest"];
export type ReasonEntry = Schemas["ReasonEntry"];
export type Reference = Schemas["Reference"];
export type ReferenceRequest = Schemas["ReferenceRequest"];
export type Replay = Schemas["Replay"];
export type Review = Schemas["Review"];
export type ReviewEdge = Schemas["ReviewEdge"];
export type ReviewRequest = Schemas["ReviewRequest"];
export type SignatureRequest = Schemas["SignatureRequest"];
export type StoredPrediction = Schemas["StoredPrediction"];
export type TrainingConfiguration = Schemas["TrainingConfiguration"];
export type TrainingJob = Schemas["TrainingJob"];
export type TrainingJobRequest = Schemas["TrainingJobRequest"];
export type TrainingStage = Schemas["TrainingStage"];
export type Verification = Schemas["Verification"];
export type Version = Schemas["Version"];
export type VersionInputs = Schemas["VersionInputs"];

export type Decision = EdgeDecisionRequest["decision"];
export type Direction = NonNullable<Feature["monotone"]>;
export type ExportFormat = operations["getExport"]["parameters"]["path"]["format"];
export type Form = NetworkEdge["form"];
export type JobState = TrainingJob["state"];
export type Outcome = Certificate["outcome"];
export type Optimizer = TrainingConfiguration["optimizer"];
export type ReviewState = Review["state"];
export type RiskTier = Model["risk_tier"];
export type Row = StoredPrediction["row"];
export type Selection = Reference["selection"];
export type Value = Row[string];
export type Verdict = SignatureRequest["verdict"];
export type VersionState = Version["state"];

/** One page of a list; the generated types have one such shape for every item. */
export interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}
