// The main settings of a training with what they mean; the limits are those of the API.
import type { Optimizer } from "./api/types";
import { SelectField, TextField } from "./components/field";
import { t } from "./messages";
import type { TrainingDraft } from "./training_draft";
import { optimizerName } from "./training_words";

interface SettingsProps {
  draft: TrainingDraft;
  set: (changes: Partial<TrainingDraft>) => void;
  /** The server's message for a field of the configuration. */
  at: (field: string) => string | undefined;
}

interface NumberSetting {
  readonly key:
    | "gridSize"
    | "degree"
    | "steps"
    | "tolerance"
    | "maximumEdges"
    | "formulaTolerance"
    | "testFraction"
    | "seed";
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
    key: "tolerance",
    field: "tolerance",
    label: t("Simplification tolerance"),
    hint: t("Share of what the model explains that fewer edges may cost: 0.01 is 1 %."),
    min: 0,
    max: 0.99,
    step: "any",
  },
  {
    key: "maximumEdges",
    field: "maximum_edges",
    label: t("Most edges"),
    hint: t("Never more than these, whatever it costs; empty for no limit."),
    min: 1,
    max: 10000,
    step: 1,
    optional: true,
  },
  {
    key: "gridSize",
    field: "grid_size",
    label: t("Spline intervals"),
    hint: t("Per edge. Smoothing is found by itself, so that more do no harm."),
    min: 1,
    max: 50,
    step: 1,
  },
  {
    key: "degree",
    field: "degree",
    label: t("Spline degree"),
    hint: t("3 is a cubic spline."),
    min: 1,
    max: 5,
    step: 1,
  },
  {
    key: "steps",
    field: "steps",
    label: t("Most steps"),
    hint: t("Per stage; a stage ends earlier once nothing is gained. Empty: the optimiser's own number."),
    min: 1,
    max: 5000,
    step: 1,
    optional: true,
  },
  {
    key: "formulaTolerance",
    field: "formula_tolerance",
    label: t("Loss for formulas"),
    hint: t("Share of what the model explains that formulas may cost; an edge that needs more stays a spline."),
    min: 0,
    max: 0.99,
    step: "any",
  },
  {
    key: "testFraction",
    field: "test_fraction",
    label: t("Held-out share"),
    hint: t("Rows kept aside to measure the version."),
    min: 0.05,
    max: 0.5,
    step: "any",
  },
  {
    key: "seed",
    field: "seed",
    label: t("Seed"),
    hint: t("The same seed gives the same version."),
    min: 0,
    max: 2 ** 31 - 1,
    step: 1,
  },
];

/** What most trainings leave as it is. */
const RARE: ReadonlySet<string> = new Set(["gridSize", "degree", "steps", "formulaTolerance", "testFraction", "seed"]);

const OPTIMIZERS: readonly Optimizer[] = ["auto", "gauss_newton", "adam", "lbfgs"];

export function TrainingSettings({ draft, set, at }: SettingsProps) {
  const usual = NUMBERS.filter(({ key }) => !RARE.has(key));
  const rare = NUMBERS.filter(({ key }) => RARE.has(key));
  const isRefused = rare.some(({ field }) => at(field) !== undefined) || at("optimizer") !== undefined;
  return (
    <fieldset>
      <legend>{t("Settings")}</legend>
      <p class="hint">
        {t("The defaults suit most tables: smoothness, pruning and formulas are found from the data.")}
      </p>
      <div class="field-grid">
        <TextField
          label={t("Hidden widths")}
          hint={t("Empty: an additive model. One number per hidden layer, for example 5 or 5, 3.")}
          value={draft.hidden}
          onValue={(hidden) => set({ hidden })}
          error={at("hidden")}
          input={{ inputMode: "numeric", pattern: "\\s*(\\d+([\\s,]+\\d+)*)?\\s*" }}
        />
        <NumberFields settings={usual} draft={draft} set={set} at={at} />
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.symbolify}
          onChange={(event) => set({ symbolify: event.currentTarget.checked })}
        />
        <span>{t("Replace splines by symbolic forms where they fit")}</span>
      </label>
      <details open={isRefused}>
        <summary>{t("More settings")}</summary>
        <div class="field-grid directions">
          <NumberFields settings={rare} draft={draft} set={set} at={at} />
          <SelectField
            label={t("Optimiser")}
            hint={t("Automatic takes second-order steps, and Adam where a network or table is very large.")}
            value={draft.optimizer}
            onValue={(chosen) => set({ optimizer: OPTIMIZERS.find((one) => one === chosen) ?? "auto" })}
            options={OPTIMIZERS.map((one) => [one, optimizerName(one)] as const)}
            error={at("optimizer")}
          />
        </div>
      </details>
    </fieldset>
  );
}

function NumberFields({ settings, draft, set, at }: SettingsProps & { settings: readonly NumberSetting[] }) {
  return (
    <>
      {settings.map(({ key, field, label, hint, min, max, step, optional }) => (
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
    </>
  );
}
