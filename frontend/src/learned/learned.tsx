// What a version has learned as a whole: features by strength, the shape of one, and what pairs do together.
import { useState } from "preact/hooks";

import { getFeatureChart, getInteractionChart, listFeatures, listInteractions } from "../api/operations";
import type { Features, FeatureStrength, Interaction } from "../api/types";
import { Chart } from "../charts/chart";
import { Loaded } from "../components/loaded";
import { Section } from "../components/page";
import { Table } from "../components/table";
import { number, plural } from "../format";
import { t, tx } from "../messages";
import { useResource } from "../resource";
import { address, currentLocation, setQuery } from "../router";

/** Of more pairs the strongest are shown first. */
const FIRST_PAIRS = 12;

interface LearnedProps {
  model: string;
  version: number;
}

export function Learned({ model, version }: LearnedProps) {
  const features = useResource(`${model}/${version}`, (signal) => listFeatures(model, version, signal));
  return (
    <Section title={t("What the model has learned")}>
      <Loaded resource={features} rows={6}>
        {(data) => (
          <>
            <p class="hint">
              {tx(
                "Features by the standard deviation of their contributions over the reference rows, on the link scale. Select one to see {0}.",
                data.is_additive ? t("its shape function") : t("how the output depends on it"),
              )}
            </p>
            <div class="learned">
              <FeatureList features={data} />
              <FeatureShape model={model} version={version} features={data} />
            </div>
            {!data.is_additive && <Interactions model={model} version={version} />}
          </>
        )}
      </Loaded>
    </Section>
  );
}

/** The feature that the address selects, if the version has it. */
function selectedFeature(features: Features): FeatureStrength | undefined {
  const name = currentLocation.value.query.get("feature");
  return features.items.find((one) => one.feature === name);
}

function FeatureList({ features }: { features: Features }) {
  const selected = selectedFeature(features);
  const strongest = Math.max(...features.items.map((one) => one.deviation), Number.MIN_VALUE);
  return (
    <ol class="strengths" aria-label={t("Features by strength")}>
      {features.items.map((one) => (
        <li key={one.feature}>
          <button
            type="button"
            class="strength"
            aria-pressed={one === selected}
            onClick={() => setQuery({ feature: one === selected ? null : one.feature })}
          >
            <span class="strength-name">{one.feature}</span>
            <svg class="strength-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect width={(100 * one.deviation) / strongest} height="8" />
            </svg>
            <span class="strength-value">{number(one.deviation, 3)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function FeatureShape({ model, version, features }: LearnedProps & { features: Features }) {
  const selected = selectedFeature(features);
  if (!selected)
    return (
      <div class="learned-shape empty" role="note">
        {features.has_bands
          ? t("Each curve comes with a band that holds nine in ten, and with the density of its data.")
          : t("How sure this version is of its curves is not known, so they come without a band.")}
      </div>
    );
  return <ShapeChart key={selected.feature} model={model} version={version} feature={selected} />;
}

function ShapeChart({ model, version, feature }: LearnedProps & { feature: FeatureStrength }) {
  const name = feature.feature;
  const chart = useResource(`${model}/${version}/${name}`, (signal) =>
    getFeatureChart(model, version, name, signal),
  );
  const picture = address`/api/v1/models/${model}/versions/${version}/features/${name}/picture`;
  return (
    <div class="learned-shape">
      <h3>{name}</h3>
      <div class="chart-slot">
        <Loaded resource={chart} rows={5}>
          {(figure) => <Chart figure={figure} description={t("How the output moves with {0}, all else as it is", name)} />}
        </Loaded>
      </div>
      <p class="hint">
        {tx(
          "Mean size of its contributions: {0}. For a report: {1}, {2}",
          number(feature.mean_size),
          <a href={`${picture}?format=svg`} download>{t("SVG")}</a>,
          <a href={`${picture}?format=png`} download>{t("PNG")}</a>,
        )}
      </p>
    </div>
  );
}

function Interactions({ model, version }: LearnedProps) {
  const pairs = useResource(`${model}/${version}`, (signal) => listInteractions(model, version, signal));
  return (
    <>
      <h3>{t("Features that act together")}</h3>
      <Loaded resource={pairs} rows={4}>
        {(data) =>
          data.items.length === 0 ? (
            <p class="empty">{t("No two features act together: each has its own curve.")}</p>
          ) : (
            <InteractionTable model={model} version={version} pairs={data.items} />
          )
        }
      </Loaded>
    </>
  );
}

function InteractionTable({ model, version, pairs }: LearnedProps & { pairs: readonly Interaction[] }) {
  const { query } = currentLocation.value;
  const [isWhole, setWhole] = useState(pairs.length <= FIRST_PAIRS);
  const selected = pairs.find((one) => one.first === query.get("first") && one.second === query.get("second"));
  const select = (one: Interaction): void =>
    setQuery(one === selected ? { first: null, second: null } : { first: one.first, second: one.second });
  return (
    <>
      <Table
        caption={t("Interactions, strongest first")}
        rows={isWhole ? pairs : pairs.slice(0, FIRST_PAIRS)}
        rowKey={(one) => `${one.first} ${one.second}`}
        columns={[
          {
            title: t("Features"),
            cell: (one) => (
              <button type="button" class="pair" aria-pressed={one === selected} onClick={() => select(one)}>
                {tx("{0} and {1}", one.first, one.second)}
              </button>
            ),
          },
          { title: t("Size, link scale"), numeric: true, cell: (one) => number(one.size) },
          { title: t("H², share of both"), numeric: true, cell: (one) => `${number(100 * one.h_squared, 3)} %` },
        ]}
      />
      {!isWhole && (
        <button type="button" class="button more" onClick={() => setWhole(true)}>
          {tx("Show all {0}", plural(pairs.length, "pair"))}
        </button>
      )}
      {selected && <PairChart key={`${selected.first} ${selected.second}`} model={model} version={version} pair={selected} />}
    </>
  );
}

function PairChart({ model, version, pair }: LearnedProps & { pair: Interaction }) {
  const { first, second } = pair;
  const chart = useResource(`${model}/${version}/${first}/${second}`, (signal) =>
    getInteractionChart(model, version, first, second, signal),
  );
  return (
    <div class="chart-slot">
      <Loaded resource={chart} rows={5}>
        {(figure) => <Chart figure={figure} description={t("How the output moves with {0} and {1}", first, second)} tall />}
      </Loaded>
    </div>
  );
}
