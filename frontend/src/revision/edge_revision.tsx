// Changing one edge: choose what it becomes, see at once what that does, send it. The address holds the draft.
import { useEffect, useState } from "preact/hooks";

import type { Change, Direction, Network, Version } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { t } from "../messages";
import { currentLocation, setQuery } from "../router";
import { Preview } from "./preview";
import { RevisionForm } from "./submit";

type Directions = NonNullable<Version["columns"]["monotone"]>;

const PATIENCE = 500;
const OPERATIONS: readonly (readonly [string, string])[] = [
  ["", t("leave it as it is")],
  ["function", t("snap it to a function")],
  ["formula", t("snap it to a typed formula")],
  ["unsnap", t("make it a spline again")],
  ["zero", t("remove it")],
];
const CONSTRAINTS: readonly (readonly [string, string])[] = [
  ["increasing", t("train on so that the output rises with it")],
  ["decreasing", t("train on so that the output falls with it")],
  ["free", t("train on without a direction")],
];

interface EdgeRevisionProps {
  version: Version;
  network: Network;
  edge: string;
}

export function EdgeRevision({ version: entry, network, edge }: EdgeRevisionProps) {
  const { model, number: version } = entry;
  const { query } = currentLocation.value;
  const operation = query.get("change") ?? "";
  const form = query.get("form") ?? "";
  const feature = constrainable(entry, network, edge);
  const isFormula = network.edges.some((one) => one.edge === edge && one.form === "symbolic");
  const asked = draftedChange(edge, operation, form);
  const held = constrained(feature, operation, entry.columns.monotone ?? {});
  // A formula could only be refused a direction that it does not have: it becomes a spline, which can be held to it.
  const changes = asked ? [asked] : held ? [...(isFormula ? [{ operation: "unsnap" as const, edge }] : []), held] : [];
  const settled = useSettled(changes);
  return (
    <details class="card" open={operation !== ""}>
      <summary>{t("Change this edge")}</summary>
      <RevisionForm
        model={model}
        version={version}
        changes={changes}
        cancel={() => setQuery({ change: null, form: null })}
      >
        <SelectField
          label={t("What it becomes")}
          value={operation}
          onValue={(value) => setQuery({ change: value || null, form: null })}
          options={feature === null ? OPERATIONS : [...OPERATIONS, ...CONSTRAINTS]}
        />
        {operation === "function" && (
          <TextField
            label={t("Function")}
            hint={t("Of the library: linear, exp, log, tanh, sigmoid … or choose one of the candidates below.")}
            value={form}
            onValue={(value) => setQuery({ form: value || null })}
            input={{ required: true, spellcheck: false, maxLength: 100 }}
          />
        )}
        {operation === "formula" && (
          <TextField
            label={t("Formula of x")}
            hint={t("For example log(1 + x^2). A factor and a constant are fitted; the numbers you type stay.")}
            value={form}
            onValue={(value) => setQuery({ form: value || null })}
            input={{ required: true, spellcheck: false, maxLength: 500 }}
          />
        )}
        {settled && settled.length > 0 && <Preview key={JSON.stringify(settled)} model={model} version={version} changes={settled} />}
      </RevisionForm>
    </details>
  );
}

function draftedChange(edge: string, operation: string, form: string): Change | null {
  if (operation === "function" && form) return { operation: "snap", edge, function: form };
  if (operation === "formula" && form) return { operation: "snap", edge, formula: form };
  if (operation === "unsnap" || operation === "zero") return { operation, edge };
  return null;
}

/** The feature of the edge, where the training can hold the output to a direction of it: numbers of an additive version. */
function constrainable(version: Version, network: Network, edge: string): string | null {
  const found = network.edges.find((one) => one.edge === edge);
  return found && version.shape.length === 2 && found.form !== "table" ? found.source : null;
}

/** Trained on with one direction changed and all others kept. */
function constrained(feature: string | null, operation: string, present: Directions): Change | null {
  if (feature === null || !CONSTRAINTS.some(([name]) => name === operation)) return null;
  const { [feature]: _, ...others } = present;
  const monotone = operation === "free" ? others : { ...others, [feature]: operation as Direction };
  return { operation: "retrain", monotone, frozen_edges: [] };
}

/** The changes once nobody has typed for a moment. */
function useSettled(changes: readonly Change[]): readonly Change[] | null {
  const text = JSON.stringify(changes);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PATIENCE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled === text ? changes : null;
}
