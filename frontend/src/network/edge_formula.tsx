// The formula of an edge, to read and to take away.
import type { EdgeDetail } from "../api/types";
import { CopyButton } from "../components/digest";
import { FormulaView } from "../components/formula";
import { t } from "../messages";

export function EdgeFormula({ detail }: { detail: EdgeDetail }) {
  const copies = [
    ["LaTeX", detail.latex],
    ["text", detail.text],
    [t("Python"), detail.python],
    ["SQL", detail.sql],
  ] as const;
  return (
    <>
      <h3>{t("Formula")}</h3>
      <FormulaView latex={detail.latex} text={detail.text} />
      <ul class="copies" aria-label={t("Copy the formula")}>
        {copies.map(
          ([language, text]) =>
            text !== null && (
              <li key={language}>
                {language} <CopyButton text={text} label={t("Copy the formula as {0}", language)} />
              </li>
            ),
        )}
      </ul>
    </>
  );
}
