// Changing one edge: choose what it becomes, see at once what that does, send it. The address holds the draft.
import { useEffect, useState } from "preact/hooks";

import type { Change } from "../api/types";
import { SelectField, TextField } from "../components/field";
import { currentLocation, setQuery } from "../router";
import { Preview } from "./preview";
import { RevisionForm } from "./submit";

const PATIENCE = 500;
const OPERATIONS: readonly (readonly [string, string])[] = [
  ["", "leave it as it is"],
  ["function", "snap it to a function"],
  ["formula", "snap it to a typed formula"],
  ["unsnap", "make it a spline again"],
  ["zero", "remove it"],
];

interface EdgeRevisionProps {
  model: string;
  version: number;
  edge: string;
}

export function EdgeRevision({ model, version, edge }: EdgeRevisionProps) {
  const { query } = currentLocation.value;
  const operation = query.get("change") ?? "";
  const form = query.get("form") ?? "";
  const change = draftedChange(edge, operation, form);
  const settled = useSettled(change);
  return (
    <details class="card" open={operation !== ""}>
      <summary>Change this edge</summary>
      <RevisionForm
        model={model}
        version={version}
        change={change}
        cancel={() => setQuery({ change: null, form: null })}
      >
        <SelectField
          label="What it becomes"
          value={operation}
          onValue={(value) => setQuery({ change: value || null, form: null })}
          options={OPERATIONS}
        />
        {operation === "function" && (
          <TextField
            label="Function"
            hint="Of the library: linear, exp, log, tanh, sigmoid … or choose one of the candidates below."
            value={form}
            onValue={(value) => setQuery({ form: value || null })}
            input={{ required: true, spellcheck: false, maxLength: 100 }}
          />
        )}
        {operation === "formula" && (
          <TextField
            label="Formula of x"
            hint="For example log(1 + x^2). A factor and a constant are fitted; the numbers you type stay."
            value={form}
            onValue={(value) => setQuery({ form: value || null })}
            input={{ required: true, spellcheck: false, maxLength: 500 }}
          />
        )}
        {settled && <Preview key={JSON.stringify(settled)} model={model} version={version} changes={[settled]} />}
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

/** The change once nobody has typed for a moment. */
function useSettled(change: Change | null): Change | null {
  const text = JSON.stringify(change);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PATIENCE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled === text ? change : null;
}
