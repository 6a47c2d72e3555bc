// Predicted probabilities against what happened, in bins of held-out rows, with the numbers below.
import type { CalibrationBin } from "../api/types";
import { Table } from "../components/table";
import { number } from "../format";
import { t } from "../messages";

const SIZE = 300;
const EDGE = 44;

const across = (share: number): number => EDGE + share * (SIZE - EDGE - 10);
const down = (share: number): number => 10 + (1 - share) * (SIZE - EDGE - 10);

export function Calibration({ bins }: { bins: readonly CalibrationBin[] }) {
  return (
    <figure class="chart">
      <svg
        class="loss calibration"
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        role="img"
        aria-label={t("Calibration in {0} bins; the numbers follow.", bins.length)}
      >
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <path class="grid" d={`M${across(0)} ${down(share)}H${across(1)}`} />
            <text x={EDGE - 8} y={down(share)} dy="0.35em" text-anchor="end">
              {share}
            </text>
            <text x={across(share)} y={SIZE - EDGE + 18} text-anchor="middle">
              {share}
            </text>
          </g>
        ))}
        <path class="grid" d={`M${across(0)} ${down(0)}L${across(1)} ${down(1)}`} />
        {bins.map((bin) => (
          <path
            key={bin.predicted}
            class="stage"
            d={`M${across(bin.predicted)} ${down(bin.lower)}V${down(bin.upper)}`}
          />
        ))}
        <polyline
          class="training"
          points={bins.map((bin) => `${across(bin.predicted)},${down(bin.observed)}`).join(" ")}
        />
        <text x={across(0.5)} y={SIZE - 8} text-anchor="middle">{t("predicted → observed")}</text>
      </svg>
      <Table
        caption={t("Calibration on held-out rows")}
        narrow="scroll"
        rows={bins}
        rowKey={(bin) => bin.least}
        columns={[
          { title: t("Predicted from"), numeric: true, cell: (bin) => number(bin.least) },
          { title: "to", numeric: true, cell: (bin) => number(bin.most) },
          { title: t("Mean predicted"), numeric: true, cell: (bin) => number(bin.predicted) },
          { title: t("Observed share"), numeric: true, cell: (bin) => number(bin.observed) },
          { title: "95 % interval", cell: (bin) => `${number(bin.lower, 3)} to ${number(bin.upper, 3)}` },
          { title: t("Rows"), numeric: true, cell: (bin) => bin.rows },
        ]}
      />
    </figure>
  );
}
