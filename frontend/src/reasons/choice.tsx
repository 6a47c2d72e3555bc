// What a prediction by hand is measured against, and how its reasons are found.
import { getReasonDictionary, listReferences } from "../api/operations";
import type { PredictionRequest, ReasonDictionary, Version } from "../api/types";
import { SelectField } from "../components/field";
import { t } from "../messages";
import { useResource } from "../resource";

export type ReasonChoice = Required<Pick<PredictionRequest, "reason_method" | "locale">> & {
  reference: string | null;
};

interface ReasonFieldsProps {
  version: Version;
  choice: ReasonChoice;
  onChoice: (choice: ReasonChoice) => void;
  error: string | undefined;
}

const METHODS = [
  ["contribution", t("by how far they move the output from the reference")],
  ["points_below_maximum", t("by their distance from the best points")],
] as const;

function localesOf(dictionary: ReasonDictionary | undefined): readonly string[] {
  return Object.keys(dictionary?.entries[0]?.texts ?? {}).sort();
}

export function ReasonFields({ version, choice, onChoice, error }: ReasonFieldsProps) {
  const key = `${version.model}/${version.number}`;
  const all = useResource(key, (signal) => listReferences(version.model, version.number, signal));
  const names = [...new Set((all.data?.items ?? []).map(({ name }) => name))];
  const dictionary = useResource(version.model, (signal) => getReasonDictionary(version.model, signal));
  const locales = localesOf(dictionary.data);
  const isAdditive = version.shape.length === 2;
  return (
    <div class="field-grid">
      <SelectField
        label={t("Measured against")}
        value={choice.reference ?? ""}
        onValue={(name) => onChoice({ ...choice, reference: name || null })}
        options={[
          ["", t("the default: {0}", version.default_reference)],
          ...names.map((name) => [name, t("{0}, newest revision", name)] as const),
        ]}
      />
      {isAdditive && (
        <SelectField
          label={t("Reasons are ranked")}
          value={choice.reason_method}
          onValue={(method) =>
            onChoice({ ...choice, reason_method: method as ReasonChoice["reason_method"] })
          }
          options={METHODS}
          error={error}
        />
      )}
      {locales.length > 1 && (
        <SelectField
          label={t("Language of the reasons")}
          value={choice.locale}
          onValue={(locale) => onChoice({ ...choice, locale })}
          options={locales.map((locale) => [locale, locale] as const)}
        />
      )}
    </div>
  );
}
