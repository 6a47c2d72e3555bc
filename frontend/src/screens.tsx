// Which page an address names. Each page is a file of its own that is fetched when it is first shown.
import type { JSX } from "preact";

import { matchPath, type Parameters } from "./router";

export type Show = (parameters: Parameters) => JSX.Element;

export interface Screen {
  readonly pattern: string;
  readonly load: () => Promise<Show>;
}

/** A page of the application: `show` renders what the fetched file holds. */
function screen<Module>(
  pattern: string,
  load: () => Promise<Module>,
  show: (module: Module, parameters: Parameters) => JSX.Element,
): Screen {
  return { pattern, load: () => load().then((module) => (parameters) => show(module, parameters)) };
}

const inventory = () => import("./pages/inventory");

const SCREENS: readonly Screen[] = [
  screen("/", inventory, (page) => <page.InventoryPage />),
  screen("/models", inventory, (page) => <page.InventoryPage />),
  screen("/models/new", () => import("./pages/new_model"), (page) => <page.NewModelPage />),
  screen("/models/:model", () => import("./pages/model"), (page, { model = "" }) => <page.ModelPage model={model} />),
  screen("/models/:model/reasons", () => import("./pages/reason_dictionary"), (page, { model = "" }) => (
    <page.ReasonDictionaryPage model={model} />
  )),
  screen("/models/:model/review-policy", () => import("./pages/review_policy"), (page, { model = "" }) => (
    <page.ReviewPolicyPage model={model} />
  )),
  screen("/models/:model/train", () => import("./pages/train"), (page, { model = "" }) => (
    <page.TrainPage model={model} />
  )),
  screen("/models/:model/sweep", () => import("./pages/new_sweep"), (page, { model = "" }) => (
    <page.NewSweepPage model={model} />
  )),
  screen("/models/:model/monitoring", () => import("./pages/monitoring"), (page, { model = "" }) => (
    <page.MonitoringPage model={model} />
  )),
  screen("/models/:model/score", () => import("./pages/score"), (page, { model = "" }) => (
    <page.ScorePage model={model} />
  )),
  screen("/scoring-jobs/:id", () => import("./pages/scoring_job"), (page, { id = "" }) => (
    <page.ScoringJobPage id={id} />
  )),
  screen("/replay-jobs/:id", () => import("./pages/replay_job"), (page, { id = "" }) => (
    <page.ReplayJobPage id={id} />
  )),
  screen(
    "/models/:model/versions/:version",
    () => import("./pages/version"),
    (page, { model = "", version = "" }) => <page.VersionPage {...{ model, version }} />,
  ),
  screen(
    "/models/:model/versions/:version/predict",
    () => import("./pages/predict"),
    (page, { model = "", version = "" }) => <page.PredictPage {...{ model, version }} />,
  ),
  screen(
    "/models/:model/versions/:left/compare/:right",
    () => import("./pages/compare"),
    (page, { model = "", left = "", right = "" }) => <page.ComparePage {...{ model, left, right }} />,
  ),
  screen("/predictions", () => import("./pages/predictions"), (page) => <page.PredictionsPage />),
  screen("/predictions/:id", () => import("./pages/prediction"), (page, { id = "" }) => (
    <page.PredictionPage id={id} />
  )),
  screen("/reviews", () => import("./pages/reviews"), (page) => <page.ReviewsPage />),
  screen("/reviews/:id", () => import("./pages/review"), (page, { id = "" }) => <page.ReviewPage id={id} />),
  screen("/datasets", () => import("./pages/datasets"), (page) => <page.DatasetsPage />),
  screen("/datasets/:id/schema", () => import("./pages/dataset_schema"), (page, { id = "" }) => (
    <page.DatasetSchemaPage id={id} />
  )),
  screen("/datasets/:id", () => import("./pages/dataset"), (page, { id = "" }) => <page.DatasetPage id={id} />),
  screen("/sweeps", () => import("./pages/sweeps"), (page) => <page.SweepsPage />),
  screen("/sweeps/:id", () => import("./pages/sweep"), (page, { id = "" }) => <page.SweepPage id={id} />),
  screen("/training-jobs", () => import("./pages/training_jobs"), (page) => <page.TrainingJobsPage />),
  screen("/training-jobs/:id", () => import("./pages/training_job"), (page, { id = "" }) => (
    <page.TrainingJobPage id={id} />
  )),
  screen("/audit", () => import("./pages/audit_trail"), (page) => <page.AuditTrailPage />),
  screen("/api-keys", () => import("./pages/api_keys"), (page) => <page.ApiKeysPage />),
  screen("/people", () => import("./pages/people"), (page) => <page.PeoplePage />),
  screen("/glossary", () => import("./pages/glossary"), (page) => <page.GlossaryPage />),
  screen("/account", () => import("./pages/account"), (page) => <page.AccountPage mustChange={false} />),
];

const NOT_FOUND = screen("", () => import("./pages/not_found"), (page) => <page.NotFoundPage />);

/** Where somebody goes who must choose a new password first. */
export const MUST_CHANGE = screen("", () => import("./pages/account"), (page) => <page.AccountPage mustChange />);

/** The page of an address, and what its pattern found in it. */
export function screenAt(path: string): { screen: Screen; parameters: Parameters } {
  for (const one of SCREENS) {
    const parameters = matchPath(one.pattern, path);
    if (parameters) return { screen: one, parameters };
  }
  return { screen: NOT_FOUND, parameters: {} };
}
