// The whole application: who is signed in, which page the address names, the frame around it.
import type { JSX } from "preact";

import { Placeholder } from "./components/loaded";
import { ProblemNote } from "./components/problem";
import { Header } from "./header";
import { AccountPage } from "./pages/account";
import { ApiKeysPage } from "./pages/api_keys";
import { AuditTrailPage } from "./pages/audit_trail";
import { ComparePage } from "./pages/compare";
import { DatasetPage } from "./pages/dataset";
import { DatasetsPage } from "./pages/datasets";
import { InventoryPage } from "./pages/inventory";
import { ModelPage } from "./pages/model";
import { NewModelPage } from "./pages/new_model";
import { NotFoundPage } from "./pages/not_found";
import { PredictPage } from "./pages/predict";
import { PredictionPage } from "./pages/prediction";
import { ReasonDictionaryPage } from "./pages/reason_dictionary";
import { ReviewPage } from "./pages/review";
import { ReviewsPage } from "./pages/reviews";
import { SignInPage } from "./pages/sign_in";
import { NewSweepPage } from "./pages/new_sweep";
import { SweepPage } from "./pages/sweep";
import { SweepsPage } from "./pages/sweeps";
import { TrainPage } from "./pages/train";
import { TrainingJobPage } from "./pages/training_job";
import { TrainingJobsPage } from "./pages/training_jobs";
import { VersionPage } from "./pages/version";
import { currentLocation, matchPath, type Parameters } from "./router";
import { restoreSession, session } from "./session";

type Screen = (parameters: Parameters) => JSX.Element;

const SCREENS: readonly (readonly [pattern: string, screen: Screen])[] = [
  ["/", () => <InventoryPage />],
  ["/models", () => <InventoryPage />],
  ["/models/new", () => <NewModelPage />],
  ["/models/:model", ({ model = "" }) => <ModelPage model={model} />],
  ["/models/:model/reasons", ({ model = "" }) => <ReasonDictionaryPage model={model} />],
  ["/models/:model/train", ({ model = "" }) => <TrainPage model={model} />],
  ["/models/:model/sweep", ({ model = "" }) => <NewSweepPage model={model} />],
  [
    "/models/:model/versions/:version",
    ({ model = "", version = "" }) => <VersionPage {...{ model, version }} />,
  ],
  [
    "/models/:model/versions/:version/predict",
    ({ model = "", version = "" }) => <PredictPage {...{ model, version }} />,
  ],
  [
    "/models/:model/versions/:left/compare/:right",
    ({ model = "", left = "", right = "" }) => <ComparePage {...{ model, left, right }} />,
  ],
  ["/predictions/:id", ({ id = "" }) => <PredictionPage id={id} />],
  ["/reviews", () => <ReviewsPage />],
  ["/reviews/:id", ({ id = "" }) => <ReviewPage id={id} />],
  ["/datasets", () => <DatasetsPage />],
  ["/datasets/:id", ({ id = "" }) => <DatasetPage id={id} />],
  ["/sweeps", () => <SweepsPage />],
  ["/sweeps/:id", ({ id = "" }) => <SweepPage id={id} />],
  ["/training-jobs", () => <TrainingJobsPage />],
  ["/training-jobs/:id", ({ id = "" }) => <TrainingJobPage id={id} />],
  ["/audit", () => <AuditTrailPage />],
  ["/api-keys", () => <ApiKeysPage />],
  ["/account", () => <AccountPage mustChange={false} />],
];

export function Application() {
  const state = session.value;
  switch (state.status) {
    case "unknown":
      return (
        <main class="page">
          <Placeholder rows={3} />
        </main>
      );
    case "broken":
      return (
        <main class="page">
          <ProblemNote problem={state.problem} onRetry={() => void restoreSession()} />
        </main>
      );
    case "signed-out":
      return <SignInPage />;
    case "signed-in":
      return (
        <>
          <a class="skip-link" href="#content">
            Skip to the content
          </a>
          <Header me={state.me} />
          {state.me.must_change_password ? <AccountPage mustChange /> : <CurrentScreen />}
        </>
      );
  }
}

function CurrentScreen() {
  const { path } = currentLocation.value;
  for (const [pattern, screen] of SCREENS) {
    const parameters = matchPath(pattern, path);
    // The key gives every address a fresh page: nothing of the last one stays in its fields.
    if (parameters) return <div key={path}>{screen(parameters)}</div>;
  }
  return <NotFoundPage />;
}
