// The reasons of a prediction: as the person reads them, and beside them what stands behind each.
import type { Prediction } from "../api/types";
import { CopyButton } from "../components/digest";
import { Section } from "../components/page";
import { Table } from "../components/table";
import { signed } from "../format";

interface ReasonsProps {
  reasons: Prediction["reasons"];
  rules: Prediction["reason_rules"];
}

export function Reasons({ reasons, rules }: ReasonsProps) {
  return (
    <Section title="Main reasons">
      <div class="letter">
        <div class="section-head">
          <p class="hint">As the person reads them{rules && `, in the language “${rules.locale}”`}</p>
          <CopyButton text={noticeText(reasons)} label="Copy the reasons" />
        </div>
        <ol class="reasons" {...(rules ? { lang: rules.locale } : {})}>
          {reasons.map((reason) => (
            <li key={reason.rank}>{reason.text}</li>
          ))}
        </ol>
      </div>
      <details>
        <summary>What stands behind them</summary>
        <Basis reasons={reasons} rules={rules} />
      </details>
    </Section>
  );
}

/** The reasons as lines to paste into a notice. */
export function noticeText(reasons: Prediction["reasons"]): string {
  return reasons.map(({ rank, text }) => `${rank}. ${text}`).join("\n");
}

function Basis({ reasons, rules }: ReasonsProps) {
  const isDistance = rules?.method === "points_below_maximum";
  return (
    <>
      <p class="hint">
        {isDistance
          ? "Ranked by the distance from the best points of each feature."
          : "Ranked by how far they move the output away from the reference."}{" "}
        {rules?.dictionary
          ? `In the words of the reason dictionary, revision ${rules.dictionary}.`
          : "In plain words: the model has no reason dictionary."}
      </p>
      <Table
        caption="What stands behind the reasons"
        rows={reasons}
        rowKey={(reason) => reason.rank}
        columns={[
          { title: "Rank", numeric: true, cell: (reason) => reason.rank },
          { title: "Code", cell: (reason) => <code>{reason.code}</code> },
          { title: "Features", cell: (reason) => (reason.features ?? []).join(", ") || "–" },
          {
            title: isDistance ? "Below the best points" : "Contribution",
            numeric: true,
            cell: (reason) => signed(reason.contribution),
          },
        ]}
      />
    </>
  );
}
