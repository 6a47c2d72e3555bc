// What an approval allows: conditions in words, an end, the most rows a call. The narrowest limits of all signers count.
import type { Limits } from "../api/types";
import { Field, TextArea, TextField } from "../components/field";
import { t } from "../messages";
import { endOfDay } from "../time";

export interface LimitsDraft {
  readonly conditions: string;
  /** The last day of use, as the date field gives it; empty for no end. */
  readonly lastDay: string;
  readonly maximumRows: string;
}

export const NO_LIMITS: LimitsDraft = { conditions: "", lastDay: "", maximumRows: "" };

/** What is signed: use ends when the last day ends, by the signer's clock. */
export function limitsOf({ conditions, lastDay, maximumRows }: LimitsDraft): Limits {
  return {
    conditions,
    expires_at: lastDay ? endOfDay(lastDay).toISOString() : null,
    maximum_rows: maximumRows ? Number(maximumRows) : null,
  };
}

interface LimitsFieldsProps {
  limits: LimitsDraft;
  onLimits: (limits: LimitsDraft) => void;
  at: (pointer: string) => string | undefined;
}

export function LimitsFields({ limits, onLimits, at }: LimitsFieldsProps) {
  return (
    <details>
      <summary>{t("Limits of use (optional)")}</summary>
      <div class="form limits">
        <TextArea
          label={t("Conditions")}
          hint={t("What whoever uses the version must keep to.")}
          rows={2}
          value={limits.conditions}
          onValue={(conditions) => onLimits({ ...limits, conditions })}
          error={at("/limits/conditions")}
        />
        <div class="field-row">
          <Field
            label={t("Last day of use")}
            hint={t("Afterwards the version answers nobody; empty for no end.")}
            error={at("/limits/expires_at")}
          >
            {(tie) => (
              <input
                {...tie}
                type="date"
                value={limits.lastDay}
                onInput={(event) => onLimits({ ...limits, lastDay: event.currentTarget.value })}
              />
            )}
          </Field>
          <TextField
            label={t("Most rows in one call")}
            hint={t("Empty for the limit of the service.")}
            value={limits.maximumRows}
            onValue={(maximumRows) => onLimits({ ...limits, maximumRows })}
            error={at("/limits/maximum_rows")}
            input={{ type: "number", min: 1, step: 1 }}
          />
        </div>
      </div>
    </details>
  );
}
