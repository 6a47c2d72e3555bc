// Trying values: the row as fields and sliders, beside it at once what the version says, and the way to a record.
import { useEffect, useState } from "preact/hooks";

import { createTrialPredictions, createVersionPredictions, previewPredictions } from "../api/operations";
import type { Feature, Row, Version, VersionInputs } from "../api/types";
import { Form } from "../components/form";
import { t } from "../messages";
import { ReasonFields, type ReasonChoice } from "../reasons/choice";
import { useAction } from "../resource";
import { currentLocation, setQuery } from "../router";
import { may } from "../session";
import { RowField, isWhole, textsOf, typedRow, type RowTexts } from "../row_form";
import { useLatest } from "./latest";
import { LiveAnswer } from "./live_answer";
import { hashOf, rowOf } from "./row_hash";

const HASH_DELAY_MILLISECONDS = 250;

interface TryValuesProps {
  version: Version;
  inputs: VersionInputs;
  /** Where the fields begin: a record's row, or the example. */
  start: Row;
  /** What that row is called. */
  startName: string;
}

const FOUND_BY = { feature_method: "auto", reason_count: 4 } as const;

export function TryValues({ version, inputs, start, startName }: TryValuesProps) {
  const { features } = inputs;
  const first = textsOf(features, start);
  const [texts, setTexts] = useState<RowTexts>(() => rowOf(first, window.location.hash));
  const [choice, setChoice] = useState<ReasonChoice>({
    reference: null,
    reason_method: "contribution",
    locale: "en",
  });
  useRowInAddress(first, texts);
  const rows = [typedRow(features, texts), typedRow(features, first)];
  const body = { ...choice, ...FOUND_BY, rows, explain: "features" as const };
  const key = isWhole(features, texts) ? JSON.stringify(body) : null;
  const preview = useLatest(key, (signal) => previewPredictions(version.model, version.number, body, signal));
  const change = (name: string, text: string | null): void => setTexts((old) => ({ ...old, [name]: text }));
  return (
    <div class="try">
      <LiveAnswer preview={preview} startName={startName} isWhole={key !== null} />
      <RowFields
        version={version}
        features={features}
        texts={texts}
        choice={choice}
        onText={change}
        onChoice={setChoice}
        onReset={() => setTexts(first)}
      />
    </div>
  );
}

/** Keeps the changed fields in the fragment, a moment after the last change: browsers refuse quick series. */
function useRowInAddress(first: RowTexts, texts: RowTexts): void {
  const hash = hashOf(first, texts);
  const { query } = currentLocation.value;
  useEffect(() => {
    const timer = setTimeout(() => {
      const { pathname, search } = window.location;
      history.replaceState(null, "", pathname + search + hash);
    }, HASH_DELAY_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [hash, query]);
}

interface RowFieldsProps {
  version: Version;
  features: readonly Feature[];
  texts: RowTexts;
  choice: ReasonChoice;
  onText: (name: string, text: string | null) => void;
  onChoice: (choice: ReasonChoice) => void;
  onReset: () => void;
}

function RowFields({ version, features, texts, choice, onText, onChoice, onReset }: RowFieldsProps) {
  const isApproved = version.state === "approved";
  const predict = useAction(async () => {
    const send = isApproved ? createVersionPredictions : createTrialPredictions;
    const rows = [typedRow(features, texts)];
    const body = { ...choice, ...FOUND_BY, rows, explain: "edges" as const };
    const answer = await send(version.model, version.number, body);
    setQuery({ record: answer.predictions[0]?.id ?? null });
  });
  const fields = (
    <>
      <div class="field-grid">
        {features.map((feature) => (
          <RowField
            key={feature.name}
            feature={feature}
            text={texts[feature.name] ?? null}
            onText={(text) => onText(feature.name, text)}
            error={predict.problem?.at(pointerOf(feature))}
          />
        ))}
      </div>
      <ReasonFields
        version={version}
        choice={choice}
        onChoice={onChoice}
        error={predict.problem?.at("/reason_method")}
      />
    </>
  );
  const reset = (
    <button type="button" class="button" onClick={onReset}>{t("Back to where it began")}</button>
  );
  if (!may(isApproved ? "create_version_predictions" : "create_trial_predictions"))
    return (
      <div class="form card">
        {fields}
        <div class="form-actions">{reset}</div>
      </div>
    );
  return (
    <Form
      action={predict}
      card
      shownAt={features.map(pointerOf)}
      submit={t("Predict and explain")}
      busy={t("Predicting…")}
      more={reset}
    >
      {fields}
    </Form>
  );
}

/** The place of a field in the request, as the server names it (RFC 6901). */
function pointerOf(feature: Feature): string {
  return `/rows/0/${feature.name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
