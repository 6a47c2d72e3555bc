// The output of a prediction in words, on the scale that people decide by.
import type { PredictionPreview, PredictionPreviews, PredictionSummary } from "../api/types";
import { number } from "../format";
import { t } from "../messages";

type Link = PredictionPreviews["link"];
type Output = PredictionPreview["output"];

export const LINK_SCALES: Readonly<Record<Link, string>> = {
  identity: t("the target's own unit"),
  logit: t("log odds"),
  softmax: t("score before softmax"),
};

export function outputName(output: Output): string {
  return output.outcome ? t("Probability of {0}", output.outcome) : t("Output");
}

export function outputText(output: Output, link: Link): string {
  return link === "identity" ? number(output.response) : `${number(output.response * 100)} %`;
}

/** How far the output is from another one: in percentage points where it is a probability. */
export function outputChange(now: Output, then: Output, link: Link): string {
  const change = now.response - then.response;
  const sign = change > 0 ? "+" : "";
  return link === "identity" ? sign + number(change, 3) : `${sign}${number(100 * change, 3)} points`;
}

/** The answer of a listed record in a few words. */
export function summaryText({ link, output_response, outcome }: PredictionSummary): string {
  if (link === "identity") return number(output_response);
  return `${outcome ? `${outcome} ` : ""}${number(100 * output_response)} %`;
}
