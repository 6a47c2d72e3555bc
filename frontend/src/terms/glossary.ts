// The words of this service and what they mean, in plain language. One entry a word, in the order of the alphabet.
import { t } from "../messages";


export const GLOSSARY = {
  alias: t("A name that callers use instead of a version's number. It points to one approved version at a time."),
  "base value": t("What the model says on average over the reference: where every explanation begins."),
  calibration: t("Whether probabilities keep their promise: of rows with 30 %, three in ten should come true."),
  certificate: t("A fact about the model that is proved for all possible inputs, not looked at in samples."),
  challenger: t("The version that is tried against the one in use."),
  champion: t("The version that answers callers: the one in use."),
  complexity: t("How much there is to read in the formula: functions by their weight, splines by their size."),
  contribution: t("What a feature or an edge adds to the output, compared with the reference. All of them add up exactly."),
  digest: t("A fingerprint of the content (SHA-256): whoever changes one bit changes the digest."),
  edge: t("One curve of the network: it turns one input into what it adds to one node."),
  finding: t("Something that an auditor or observer wants put right, with an owner and a due day."),
  gate: t("A rule that must be met before a version can be approved, checked by the service and not by a person."),
  "held-out rows": t("Rows that no training has seen, kept to measure the version fairly."),
  lineage: t("Which version was made from which."),
  "link scale": t("The scale on which contributions add up: log odds for probabilities, the target's unit otherwise."),
  "log loss": t("How surprised the model is by what happened, on average; less is better."),
  "pareto front": t("The candidates that no other one beats in loss and in size at once."),
  reference: t("The population that an explanation compares with, for example all training rows."),
  "risk tier": t("How much harm a wrong model can do. It settles what a review needs at least."),
  seed: t("The number that chance starts from. The same data, settings and seed give the same version."),
  spline: t("A smooth curve in pieces, as it was learned from the data."),
  "stability index": t("How far values have moved: shares of classes now against those of the training rows (PSI). Zero is unmoved."),
  "symbolic form": t("A formula that takes the place of a learned curve, so that people can read and check it."),
  version: t("One trained model with its own digest. It never changes; a change makes a new version."),
} as const;

export type TermName = keyof typeof GLOSSARY;
