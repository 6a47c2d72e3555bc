// How a model does in use: drift of what it is asked and answers, and the challenger beside the champion.
import { getDrift, getShadow } from "../api/in_use";
import { getModel } from "../api/operations";
import type { Drift, FeatureDrift, Model, Shadow } from "../api/types";
import { TextField } from "../components/field";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { Table } from "../components/table";
import { count, moment, number, plural } from "../format";
import { t, tx } from "../messages";
import { stabilityOf, type Stability } from "../monitoring/stability";
import { useResource } from "../resource";
import { address, currentLocation, setQuery } from "../router";
import { Term } from "../terms/term";

export function MonitoringPage({ model }: { model: string }) {
  const entry = useResource(model, (signal) => getModel(model, signal));
  return (
    <PageFrame
      title={t("In use")}
      trail={[
        [t("Models"), "/models"],
        [model, address`/models/${model}`],
      ]}
      lead={t("How far the newest decisions are from what the version was trained on, and what the challenger would have said to them.")}
    >
      <Loaded resource={entry} rows={6}>
        {(data) => (
          <>
            <DriftSection model={data} />
            <Section title={t("Challenger beside the champion")}>
              <ShadowSection model={model} />
            </Section>
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}

function DriftSection({ model }: { model: Model }) {
  const asked = currentLocation.value.query.get("version");
  const version = asked ?? (model.champion === null ? "" : String(model.champion));
  return (
    <Section title={t("Drift")}>
      <div class="filters card">
        <TextField
          label={t("Version")}
          hint={model.champion === null ? t("Nothing is in use.") : t("In use is version {0}.", model.champion)}
          value={version}
          onValue={(text) => setQuery({ version: text || null })}
          input={{ type: "number", min: 1, step: 1 }}
        />
      </div>
      {version === "" ? (
        <div class="empty">{t("No version is in use, so nothing can drift.")}</div>
      ) : (
        <DriftOf key={version} model={model.name} version={version} />
      )}
    </Section>
  );
}

function DriftOf({ model, version }: { model: string; version: string }) {
  const drift = useResource(`${model}/${version}`, (signal) => getDrift(model, version, signal));
  return (
    <Loaded resource={drift} rows={5}>
      {(data) => (
        <>
          <DriftFacts drift={data} />
          {data.features.length === 0 ? (
            <div class="empty">
              {t("Below 200 decisions chance alone looks like a change, so nothing is said yet.")}
            </div>
          ) : (
            <DriftTable features={data.features} />
          )}
        </>
      )}
    </Loaded>
  );
}

function DriftFacts({ drift }: { drift: Drift }) {
  return (
    <div class="card">
      <Facts
        facts={[
          [t("Decisions looked at"), count(drift.rows)],
          [t("Training rows"), count(drift.reference_rows)],
          [t("From"), moment(drift.since)],
          [t("To"), moment(drift.until)],
          [t("Answers"), drift.score_psi === null ? "–" : <StabilityOf psi={drift.score_psi} />],
          [t("Rows outside the domain"), share(drift.out_of_domain_share)],
        ]}
      />
    </div>
  );
}

const SIGNS: Readonly<Record<Stability, readonly [tone: string, sign: string]>> = {
  stable: ["good", "✓"],
  moving: ["warn", "◐"],
  changed: ["bad", "▲"],
};

function StabilityOf({ psi }: { psi: number }) {
  const found = stabilityOf(psi);
  const [tone, sign] = SIGNS[found];
  return (
    <>
      {number(psi, 3)}{" "}
      <span class={`badge badge-${tone}`}>
        <span aria-hidden="true">{sign}</span>
        {found}
      </span>
    </>
  );
}

function DriftTable({ features }: { features: readonly FeatureDrift[] }) {
  return (
    <>
      <p class="hint">
        {tx(
          "The {0} compares shares of values: below 0.1 stable, above 0.25 changed. The farthest moved first.",
          <Term name="stability index" />,
        )}
      </p>
      <Table
        caption={t("Drift by feature")}
        rows={features}
        rowKey={(row) => row.feature}
        columns={[
          { title: t("Feature"), cell: (row) => row.feature },
          { title: t("Stability index"), numeric: true, cell: (row) => <StabilityOf psi={row.psi} /> },
          { title: t("Rows outside the domain"), numeric: true, cell: (row) => share(row.out_of_domain_share) },
        ]}
      />
    </>
  );
}

function share(value: number | null): string {
  return value === null ? "–" : `${number(100 * value, 3)} %`;
}

function ShadowSection({ model }: { model: string }) {
  const shadow = useResource(model, (signal) => getShadow(model, signal));
  return (
    <Loaded resource={shadow} rows={4}>
      {(data) =>
        data.challenger === null || data.champion === null ? (
          <div class="empty">
            <p class="strong">
              {tx("There is no {0}.", data.champion === null ? "champion" : "challenger")}
            </p>
            <p>
              {tx(
                "Point the alias on the page of the {0}; it is then compared on the champion's decisions, without a part in them.",
                <a href={address`/models/${model}`}>{t("model")}</a>,
              )}
            </p>
          </div>
        ) : (
          <ShadowFacts shadow={data} />
        )
      }
    </Loaded>
  );
}

function ShadowFacts({ shadow }: { shadow: Shadow }) {
  return (
    <>
      <div class="card">
        <Facts
          facts={[
            [t("Champion"), <VersionLink model={shadow.model} version={shadow.champion} />],
            [t("Challenger"), <VersionLink model={shadow.model} version={shadow.challenger} />],
            [t("Decisions"), t("{0}, {1} without an answer", plural(shadow.rows, "record"), shadow.unanswered)],
            [t("From"), moment(shadow.since)],
            [t("To"), moment(shadow.until)],
            [t("Mean difference"), number(shadow.mean_absolute_difference)],
            [t("Root mean square"), number(shadow.root_mean_square_difference)],
            [t("Other outcome"), share(shadow.differing_decisions_share)],
          ]}
        />
      </div>
      {shadow.largest.length > 0 && (
        <Table
          caption={t("Records on which both differ most")}
          rows={shadow.largest}
          rowKey={(row) => row.prediction_id}
          columns={[
            {
              title: t("Record"),
              cell: (row) => (
                <a href={address`/predictions/${row.prediction_id}`}>
                  <code>{row.prediction_id}</code>
                </a>
              ),
            },
            { title: t("Champion"), numeric: true, cell: (row) => number(row.champion) },
            { title: t("Challenger"), numeric: true, cell: (row) => number(row.challenger) },
            { title: t("Difference"), numeric: true, cell: (row) => number(row.challenger - row.champion) },
          ]}
        />
      )}
    </>
  );
}

function VersionLink({ model, version }: { model: string; version: number | null }) {
  return <a href={address`/models/${model}/versions/${version ?? ""}`}>{tx("Version {0}", version)}</a>;
}
