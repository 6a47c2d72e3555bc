// What would change an answer: a goal, the features that may change, and the smallest change that was found.
import { useState } from "preact/hooks";

import { createVersionCounterfactuals, getVersionInputs } from "./api/operations";
import type { Counterfactual, Counterfactuals, Feature, Goal, StoredPrediction } from "./api/types";
import { SelectField, TextField } from "./components/field";
import { Form } from "./components/form";
import { Loaded } from "./components/loaded";
import { Section } from "./components/page";
import { Table } from "./components/table";
import { cell, number } from "./format";
import { t, tx } from "./messages";
import { useAction, useResource } from "./resource";
import { currentLocation, setQuery } from "./router";

type Sense = "at_least" | "at_most";
type Freedom = "either" | "increase" | "decrease" | "stays";

const SENSES: readonly (readonly [Sense, string])[] = [
  ["at_least", t("at least")],
  ["at_most", t("at most")],
];
const NUMERIC: readonly (readonly [Freedom, string])[] = [
  ["either", t("may change")],
  ["increase", t("may increase")],
  ["decrease", t("may decrease")],
  ["stays", t("stays as it is")],
];
const CATEGORICAL = NUMERIC.filter(([value]) => value === "either" || value === "stays");

export function CounterfactualSection({ record }: { record: StoredPrediction }) {
  const inputs = useResource(`${record.model}/${record.version}`, (signal) =>
    getVersionInputs(record.model, record.version, signal),
  );
  return (
    <Section title={t("What would change this answer?")}>
      <Loaded resource={inputs} rows={4}>
        {(data) => (
          <Question
            record={record}
            features={data.features.filter((feature) => !feature.protected && feature.changeable !== false)}
          />
        )}
      </Loaded>
    </Section>
  );
}

function Question({ record, features }: { record: StoredPrediction; features: readonly Feature[] }) {
  const { query } = currentLocation.value;
  const { sense, threshold } = chosenGoal(record, query);
  const [answer, setAnswer] = useState<Counterfactuals | null>(null);
  const freedomOf = (feature: Feature): Freedom => chosenFreedom(feature, query);
  const ask = useAction(async () => {
    setAnswer(null);
    const allowed = features.filter((feature) => freedomOf(feature) !== "stays");
    setAnswer(
      await createVersionCounterfactuals(record.model, record.version, {
        row: record.row,
        goal: {
          [sense]: Number(threshold),
          scale: "response",
          outcome: record.prediction.output.outcome ?? null,
        },
        features: allowed.map((feature) => ({
          feature: feature.name,
          direction: freedomOf(feature) as Exclude<Freedom, "stays">,
          cost: 1,
          may_fill: false,
        })),
        alternatives: 3,
      }),
    );
  });
  const { outcome } = record.prediction.output;
  return (
    <>
      <Form
        action={ask}
        card
        shownAt={[`/goal/${sense}`]}
        submit={t("Find the smallest change")}
        busy={t("Looking…")}
        disabled={threshold.trim() === "" || !Number.isFinite(Number(threshold))}
      >
        <div class="field-grid">
          <SelectField
            label={outcome ? t("The probability of {0} shall be", outcome) : t("The output shall be")}
            value={sense}
            onValue={(value) => setQuery({ sense: value })}
            options={SENSES}
          />
          <TextField
            label={t("Threshold")}
            hint={outcome ? t("A probability between 0 and 1.") : t("In the unit of the target.")}
            value={threshold}
            onValue={(value) => setQuery({ threshold: value })}
            input={{ type: "number", step: "any", required: true }}
            error={ask.problem?.at(`/goal/${sense}`)}
          />
        </div>
        <fieldset>
          <legend>{t("What may change")}</legend>
          <div class="field-grid">
            {features.map((feature) => (
              <SelectField
                key={feature.name}
                label={feature.name}
                value={freedomOf(feature)}
                onValue={(value) => setQuery({ [parameterOf(feature)]: value === "either" ? null : value })}
                options={feature.kind === "numeric" ? NUMERIC : CATEGORICAL}
              />
            ))}
          </div>
        </fieldset>
      </Form>
      <div role="status">{answer && <Answer answer={answer} />}</div>
    </>
  );
}

const parameterOf = (feature: Feature): string => `change.${feature.name}`;

function chosenFreedom(feature: Feature, query: URLSearchParams): Freedom {
  const options = feature.kind === "numeric" ? NUMERIC : CATEGORICAL;
  return options.find(([value]) => value === query.get(parameterOf(feature)))?.[0] ?? "either";
}

/** The goal of the address, else the other side of one half, or of the mean where a quantity is predicted. */
function chosenGoal(record: StoredPrediction, query: URLSearchParams): { sense: Sense; threshold: string } {
  const { output, base_value } = record.prediction;
  const middle = output.outcome ? 0.5 : base_value;
  const usual: Sense = output.response >= middle ? "at_most" : "at_least";
  return {
    sense: SENSES.find(([value]) => value === query.get("sense"))?.[0] ?? usual,
    threshold: query.get("threshold") ?? String(Number(middle.toPrecision(4))),
  };
}

function Answer({ answer: { answer } }: { answer: Counterfactuals }) {
  const [first] = answer.counterfactuals;
  if (!first)
    return (
      <div class="card">
        <p class="note note-warn">
          <strong>{t("No such change.")}</strong> {answer.statement}
        </p>
        <p>{tx("The nearest output is {0}.", valueOf(answer.closest, answer.goal))}</p>
      </div>
    );
  return (
    <div class="card">
      <p class="note note-good">{answer.statement}</p>
      {first.changes.length > 0 &&
        answer.counterfactuals.map((one, position) => (
          <ChangeTable key={position} one={one} goal={answer.goal} position={position} />
        ))}
    </div>
  );
}

function ChangeTable({ one, goal, position }: { one: Counterfactual; goal: Goal; position: number }) {
  const name = position === 0 ? t("Smallest change") : t("Alternative {0}", position);
  return (
    <>
      <h3>{name}</h3>
      <p>
        {tx(
          "With it the output is {0}, scored again by the same version. Cost {1}.",
          <strong>{valueOf(one, goal)}</strong>,
          number(one.cost),
        )}
      </p>
      <Table
        caption={name}
        rows={one.changes}
        rowKey={(change) => change.feature}
        columns={[
          { title: t("Feature"), cell: (change) => change.feature },
          { title: t("From"), numeric: true, cell: (change) => cell(change.before) },
          { title: t("To"), numeric: true, cell: (change) => cell(change.after) },
          { title: t("Unit"), cell: (change) => change.unit ?? "–" },
          { title: t("In steps of"), numeric: true, cell: (change) => number(change.step) },
        ]}
      />
    </>
  );
}

function valueOf(one: Counterfactual, goal: Goal): string {
  return goal.outcome ? `${number(one.value * 100)} %` : number(one.value);
}
