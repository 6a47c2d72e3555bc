// Numbers, times and names as people read them. The language is fixed, so that screenshots and records agree.
import { t } from "./messages";

const LANGUAGE = "en-GB";

/** Making a format costs more than using it a hundred times. */
const formats = new Map<number, Intl.NumberFormat>();

function decimal(value: number, digits: number): string {
  let format = formats.get(digits);
  if (!format) {
    format = new Intl.NumberFormat(LANGUAGE, { maximumSignificantDigits: digits });
    formats.set(digits, format);
  }
  return format.format(value);
}

/** A number with about four significant digits; a true minus sign; exponent only where needed. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e7)
      ? value.toExponential(digits - 2)
      : decimal(value, Math.max(digits, Math.ceil(Math.log10(size + 1))));
  return text.replaceAll("-", "−");
}

/** A number with its sign always shown. */
export function signed(value: number, digits = 4): string {
  return value > 0 ? `+${number(value, digits)}` : number(value, digits);
}

/** A whole number with thousands separated. */
export function count(value: number): string {
  return value.toLocaleString(LANGUAGE);
}

/** "1 row", "3 rows"; nouns of another plural name it. */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return t(`{0} ${value === 1 ? noun : nouns}`, count(value));
}

/** A size in the unit that suits it. */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), units.length - 1);
  return `${number(size / 1000 ** power, 3)} ${units[power]}`;
}

/** How long something took. */
export function duration(seconds: number): string {
  return seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`;
}

/** A moment in UTC to the minute, as it stands in the records. */
export function moment(value: string | null | undefined): string {
  if (!value) return "–";
  return `${value.slice(0, 10)} ${value.slice(11, 16)} UTC`;
}

/** A stored word as people read it: "in_review" → "in review". */
export function words(value: string): string {
  return t(value.replaceAll("_", " "));
}

/** The start of a digest, enough to tell two apart by eye. */
export function shortDigest(digest: string): string {
  return digest.replace("sha256:", "").slice(0, 12);
}

/** A value of a row: numbers as typed, gaps said in a word. */
export function cell(value: number | string | boolean | null): string {
  if (value === null) return "missing";
  return typeof value === "number" ? number(value, 6) : String(value);
}

/** The name of a metric as people write it. */
export function metricName(name: string): string {
  const known: Record<string, string> = {
    auc: "AUC",
    log_loss: t("Log loss"),
    brier: t("Brier score"),
    accuracy: t("Accuracy"),
    rmse: "RMSE",
    mae: "MAE",
    r2: "R²",
  };
  return known[name] ?? words(name);
}
