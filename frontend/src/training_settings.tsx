// The main settings of a training with what they mean; the limits are those of the API.
import { TextField } from "./components/field";
import type { TrainingDraft } from "./training_draft";

interface SettingsProps {
  draft: TrainingDraft;
  set: (changes: Partial<TrainingDraft>) => void;
  /** The server's message for a field of the configuration. */
  at: (field: string) => string | undefined;
}

interface NumberSetting {
  readonly key: "gridSize" | "degree" | "steps" | "maximumEdges" | "minimumR2" | "testFraction" | "seed";
  readonly field: string;
  readonly label: string;
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  readonly step: number | "any";
  readonly optional?: boolean;
}

const NUMBERS: readonly NumberSetting[] = [
  {
    key: "maximumEdges",
    field: "maximum_edges",
    label: "Most edges",
    hint: "Prune to at most this many; empty for no limit.",
    min: 1,
    max: 10000,
    step: 1,
    optional: true,
  },
  {
    key: "gridSize",
    field: "grid_size",
    label: "Spline intervals",
    hint: "Per edge: more can follow more detail.",
    min: 1,
    max: 50,
    step: 1,
  },
  {
    key: "degree",
    field: "degree",
    label: "Spline degree",
    hint: "3 is a cubic spline.",
    min: 1,
    max: 5,
    step: 1,
  },
  {
    key: "steps",
    field: "steps",
    label: "Most steps",
    hint: "Optimiser steps per stage.",
    min: 1,
    max: 5000,
    step: 1,
  },
  {
    key: "minimumR2",
    field: "minimum_r2",
    label: "R² of a symbolic form",
    hint: "Reached before a form replaces a spline.",
    min: 0,
    max: 1,
    step: "any",
  },
  {
    key: "testFraction",
    field: "test_fraction",
    label: "Held-out share",
    hint: "Rows kept aside to measure the version.",
    min: 0.05,
    max: 0.5,
    step: "any",
  },
  {
    key: "seed",
    field: "seed",
    label: "Seed",
    hint: "The same seed gives the same version.",
    min: 0,
    max: 2 ** 31 - 1,
    step: 1,
  },
];

export function TrainingSettings({ draft, set, at }: SettingsProps) {
  return (
    <fieldset>
      <legend>Settings</legend>
      <div class="field-grid">
        <TextField
          label="Hidden widths"
          hint="Empty: an additive model. One number per hidden layer, for example 5 or 5, 3."
          value={draft.hidden}
          onValue={(hidden) => set({ hidden })}
          error={at("hidden")}
          input={{ inputMode: "numeric", pattern: "\\s*(\\d+([\\s,]+\\d+)*)?\\s*" }}
        />
        {NUMBERS.map(({ key, field, label, hint, min, max, step, optional }) => (
          <TextField
            key={key}
            label={label}
            hint={hint}
            value={draft[key]}
            onValue={(value) => set({ [key]: value })}
            error={at(field)}
            input={{ type: "number", min, max, step, required: !optional }}
          />
        ))}
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.symbolify}
          onChange={(event) => set({ symbolify: event.currentTarget.checked })}
        />
        <span>Replace splines by symbolic forms where they fit</span>
      </label>
    </fieldset>
  );
}
