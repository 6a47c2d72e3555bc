// One snapshot: what each column was taken for, and why.
import { getDataset } from "../api/operations";
import type { Feature } from "../api/types";
import { Digest } from "../components/digest";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { Table, type Column } from "../components/table";
import { count, moment, number, words } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { address } from "../router";
import { may } from "../session";
import { directionName } from "../training_words";

function columnsFor(target: string | null): readonly Column<Feature>[] {
  return [
    {
      title: t("Column"),
      cell: (feature) => (
        <>
          <span class="strong">{feature.name}</span>
          {feature.unit && <span class="hint"> {feature.unit}</span>}
          <span class="badges">
            {feature.name === target && <span class="badge badge-accent">{t("target")}</span>}
            {feature.protected && <span class="badge badge-warn">{t("protected: never an input")}</span>}
            {feature.changeable === false && <span class="badge badge-plain">{t("cannot be changed")}</span>}
            {feature.identifier && <span class="badge badge-plain">{t("identifier")}</span>}
            {feature.monotone && (
              <span class="badge badge-plain">
                {tx("target {0} with it", directionName(feature.monotone))}
              </span>
            )}
          </span>
          {feature.description && <span class="block hint">{feature.description}</span>}
        </>
      ),
    },
    { title: t("Kind"), cell: (feature) => feature.kind },
    { title: t("Why"), cell: (feature) => feature.reason },
    { title: t("Values"), cell: valuesOf },
    { title: t("Warnings"), cell: (feature) => <Warnings feature={feature} /> },
    { title: t("Distinct"), numeric: true, cell: (feature) => count(feature.distinct) },
    {
      title: t("Missing"),
      numeric: true,
      cell: ({ missing, rows }) => `${count(missing)}${missing > 0 ? ` (${number((100 * missing) / rows, 2)} %)` : ""}`,
    },
  ];
}

function Warnings({ feature }: { feature: Feature }) {
  const { warnings = [] } = feature;
  if (warnings.length === 0) return <>–</>;
  return (
    <>
      {warnings.map(({ code, detail }) => (
        <span key={code} class="block">
          <span class="badge badge-warn">{words(code)}</span> {detail}
        </span>
      ))}
    </>
  );
}

function valuesOf(feature: Feature): string {
  if (feature.kind === "numeric") {
    const [, lower, median, upper] = feature.quantiles ?? [];
    const middle = median === undefined ? "" : t("; half in {0} to {1}, median {2}", number(lower), number(upper), number(median));
    return `${number(feature.minimum)} to ${number(feature.maximum)}${middle}`;
  }
  const shown = feature.categories
    .slice(0, 4)
    .map((category) => `${category.value} (${count(category.rows)})`);
  return shown.join(", ") + (feature.categories.length > 4 ? ", …" : "");
}

export function DatasetPage({ id }: { id: string }) {
  const dataset = useResource(id, (signal) => getDataset(id, signal));
  return (
    <PageFrame
      title={dataset.data?.name ?? t("Dataset")}
      trail={[[t("Datasets"), "/datasets"]]}
      actions={
        may("edit_schema") && (
          <a class="button" href={address`/datasets/${id}/schema`}>{t("Describe the columns")}</a>
        )
      }
    >
      <Loaded resource={dataset} rows={8}>
        {(data) => (
          <>
            <div class="card">
              <Facts
                facts={[
                  [t("Rows"), count(data.rows)],
                  [t("Columns"), data.feature_schema.features.length],
                  [t("Target"), data.feature_schema.target ?? t("none set")],
                  [t("Digest of the snapshot"), <Digest digest={data.digest} label={t("digest of the snapshot")} />],
                  [t("Digest of the file"), <Digest digest={data.source_digest} label={t("digest of the file")} />],
                  [t("Uploaded"), `${moment(data.created_at)} by ${data.created_by}`],
                ]}
              />
            </div>
            <Section title={t("Columns")}>
              <Table
                caption={t("Columns and what they were taken for")}
                columns={columnsFor(data.feature_schema.target ?? null)}
                rows={data.feature_schema.features}
                rowKey={(feature) => feature.name}
              />
            </Section>
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}
