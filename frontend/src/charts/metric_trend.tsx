// A metric over the versions of a model, with its 95 % intervals; only versions that were measured on the same rows join.
import type { Version } from "../api/types";
import { Table } from "../components/table";
import { metricName, number } from "../format";
import { t, tx } from "../messages";
import { currentLocation, setQuery } from "../router";
import { pointsOf, spanOf, type TrendPoint } from "./trend";

const WIDTH = 640;
const HEIGHT = 220;
const LEFT = 58;
const BOTTOM = 34;
const TOP = 14;

export function MetricTrend({ versions }: { versions: readonly Version[] }) {
  const names = [...new Set(versions.flatMap(({ metrics }) => metrics.map(({ name }) => name)))];
  const wanted = currentLocation.value.query.get("metric");
  const name = names.find((one) => one === wanted) ?? names[0];
  if (name === undefined) return null;
  const points = pointsOf(versions, name);
  return (
    <div class="card">
      <div class="segmented" role="group" aria-label={t("Metric")}>
        {names.map((one) => (
          <button
            type="button"
            key={one}
            aria-pressed={one === name}
            onClick={() => setQuery({ metric: one === names[0] ? null : one })}
          >
            {metricName(one)}
          </button>
        ))}
      </div>
      <Trend name={name} points={points} />
    </div>
  );
}

function Trend({ name, points }: { name: string; points: readonly TrendPoint[] }) {
  const { low, high } = spanOf(points);
  const across = (index: number): number =>
    points.length < 2 ? (LEFT + WIDTH) / 2 : LEFT + 20 + (index / (points.length - 1)) * (WIDTH - LEFT - 50);
  const down = (value: number): number => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const better = points[0]?.better ?? "lower";
  return (
    <figure class="chart">
      <svg
        class="loss trend"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={t("{0} by version; the numbers follow.", metricName(name))}
      >
        {[low, (low + high) / 2, high].map((value) => (
          <g key={value}>
            <path class="grid" d={`M${LEFT} ${down(value)}H${WIDTH - 12}`} />
            <text x={LEFT - 8} y={down(value)} dy="0.35em" text-anchor="end">
              {number(value, 3)}
            </text>
          </g>
        ))}
        {points.slice(1).map((point, index) => {
          const before = points[index];
          return (
            before?.rowsDigest === point.rowsDigest && (
              <path
                key={point.version}
                class="trend-line"
                d={`M${across(index)} ${down(before.value)}L${across(index + 1)} ${down(point.value)}`}
              />
            )
          );
        })}
        {points.map((point, index) => (
          <g key={point.version}>
            {point.lower !== null && point.upper !== null && (
              <path class="trend-interval" d={`M${across(index)} ${down(point.lower)}V${down(point.upper)}`} />
            )}
            <circle class="trend-point" cx={across(index)} cy={down(point.value)} r="4" />
            <text x={across(index)} y={HEIGHT - 14} text-anchor="middle">
              {point.version}
            </text>
          </g>
        ))}
      </svg>
      <figcaption class="hint">
        {tx("By version, {0} is better. Lines join versions measured on the same rows.", better)}
      </figcaption>
      <details>
        <summary>{t("Numbers of this chart")}</summary>
        <Table
          caption={t("{0} by version", metricName(name))}
          narrow="scroll"
          rows={points}
          rowKey={(point) => point.version}
          columns={[
            { title: t("Version"), numeric: true, cell: (point) => point.version },
            { title: metricName(name), numeric: true, cell: (point) => number(point.value) },
            {
              title: "95 % interval",
              numeric: true,
              cell: (point) =>
                point.lower === null ? "–" : `${number(point.lower, 3)} to ${number(point.upper, 3)}`,
            },
            { title: t("Rows"), numeric: true, cell: (point) => point.rows },
          ]}
        />
      </details>
    </figure>
  );
}
