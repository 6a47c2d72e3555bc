// A prediction by hand: a form of the version's inputs, and below it the decision record that it made.
import { useState } from "preact/hooks";

import {
  createTrialPredictions,
  createVersionPredictions,
  getVersion,
  getVersionInputs,
} from "../api/operations";
import type { Feature, Value, Version, VersionInputs } from "../api/types";
import { StateBadge } from "../components/badge";
import { Form } from "../components/form";
import { Loaded } from "../components/loaded";
import { PageFrame } from "../components/page";
import { PredictionRecord } from "../prediction_record";
import { ReasonFields, type ReasonChoice } from "../reasons/choice";
import { useAction, useResource } from "../resource";
import { address, currentLocation, setQuery } from "../router";
import { RowField, typedRow, textsOf, type RowTexts } from "../row_form";

const DEFAULTS = { explain: "edges", reason_count: 4, locale: "en" } as const;

export function PredictPage({ model, version }: { model: string; version: string }) {
  const key = `${model}/${version}`;
  const entry = useResource(key, (signal) => getVersion(model, version, signal));
  const inputs = useResource(key, (signal) => getVersionInputs(model, version, signal));
  const record = currentLocation.value.query.get("record");
  return (
    <PageFrame
      title="Predict"
      trail={[
        ["Models", "/models"],
        [model, address`/models/${model}`],
        [`Version ${version}`, address`/models/${model}/versions/${version}`],
      ]}
      badges={entry.data && <StateBadge state={entry.data.state} />}
    >
      <Loaded resource={entry} rows={1}>
        {(data) =>
          data.state === "approved" ? null : (
            <p class="note note-warn">
              This version is not approved. What it says is recorded as a trial and must not be used for a
              decision.
            </p>
          )
        }
      </Loaded>
      <Loaded resource={inputs} rows={10}>
        {(data) => entry.data && <PredictForm version={entry.data} inputs={data} />}
      </Loaded>
      {record && <PredictionRecord key={record} id={record} announce />}
    </PageFrame>
  );
}

function PredictForm({ version, inputs }: { version: Version; inputs: VersionInputs }) {
  const [texts, setTexts] = useState<RowTexts>(() => textsOf(inputs.features, inputs.example));
  const [choice, setChoice] = useState<ReasonChoice>({ reference: null, reason_method: "contribution" });
  const predict = useAction(async () => {
    const row: Record<string, Value> = typedRow(inputs.features, texts);
    const send = version.state === "approved" ? createVersionPredictions : createTrialPredictions;
    const answer = await send(version.model, version.number, { ...DEFAULTS, rows: [row], ...choice });
    setQuery({ record: answer.predictions[0]?.id ?? null });
  });
  const shownAt = inputs.features.map((feature) => pointerOf(feature));
  return (
    <Form
      action={predict}
      card
      shownAt={shownAt}
      submit="Predict and explain"
      busy="Predicting…"
      more={
        <button
          type="button"
          class="button"
          onClick={() => setTexts(textsOf(inputs.features, inputs.example))}
        >
          Fill in the example
        </button>
      }
    >
      <div class="field-grid">
        {inputs.features.map((feature) => (
          <RowField
            key={feature.name}
            feature={feature}
            text={texts[feature.name] ?? null}
            onText={(text) => setTexts({ ...texts, [feature.name]: text })}
            error={predict.problem?.at(pointerOf(feature))}
          />
        ))}
      </div>
      <ReasonFields
        version={version}
        choice={choice}
        onChoice={setChoice}
        error={predict.problem?.at("/reason_method")}
      />
    </Form>
  );
}

/** The place of a field in the request, as the server names it (RFC 6901). */
function pointerOf(feature: Feature): string {
  return `/rows/0/${feature.name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
