// The reasons of a prediction: as the person reads them, and beside them what stands behind each.
import type { Prediction } from "../api/types";
import { CopyButton } from "../components/digest";
import { Section } from "../components/page";
import { Table } from "../components/table";
import { signed } from "../format";
import { t, tx } from "../messages";

interface ReasonsProps {
  reasons: Prediction["reasons"];
  rules: Prediction["reason_rules"];
}

export function Reasons({ reasons, rules }: ReasonsProps) {
  return (
    <Section title={t("Main reasons")}>
      <div class="letter">
        <div class="section-head">
          <p class="hint">
            {tx("As the person reads them{0}", rules && t(", in the language “{0}”", rules.locale))}
          </p>
          <CopyButton text={noticeText(reasons)} label={t("Copy the reasons")} />
        </div>
        <ol class="reasons" {...(rules ? { lang: rules.locale } : {})}>
          {reasons.map((reason) => (
            <li key={reason.rank}>{reason.text}</li>
          ))}
        </ol>
      </div>
      <details>
        <summary>{t("What stands behind them")}</summary>
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
          ? t("Ranked by the distance from the best points of each feature.")
          : t("Ranked by how far they move the output away from the reference.")}{" "}
        {rules?.dictionary
          ? t("In the words of the reason dictionary, revision {0}.", rules.dictionary)
          : t("In plain words: the model has no reason dictionary.")}
      </p>
      <Table
        caption={t("What stands behind the reasons")}
        rows={reasons}
        rowKey={(reason) => reason.rank}
        columns={[
          { title: t("Rank"), numeric: true, cell: (reason) => reason.rank },
          { title: t("Code"), cell: (reason) => <code>{reason.code}</code> },
          { title: t("Features"), cell: (reason) => (reason.features ?? []).join(", ") || "–" },
          {
            title: isDistance ? t("Below the best points") : t("Contribution"),
            numeric: true,
            cell: (reason) => signed(reason.contribution),
          },
        ]}
      />
    </>
  );
}
