// The contributions of a prediction as bars: measured against the reference, or against another row.
import type { PredictionPreview, Value } from "../api/types";

export interface Share {
  readonly feature: string;
  readonly value: Value;
  /** The value of the row that it is compared with. */
  readonly other?: Value;
  readonly contribution: number;
}

type Explained = Pick<PredictionPreview, "features">;

/** Contributions against the reference, in the order of the features. */
export function shares(one: Explained): Share[] {
  return one.features.map(({ feature, value, contribution }) => ({ feature, value, contribution }));
}

/** What each feature adds to the difference of two rows under one reference; the parts sum to the difference. */
export function differences(one: Explained, other: Explained): Share[] {
  const before = new Map(other.features.map((part) => [part.feature, part]));
  return one.features.map(({ feature, value, contribution }) => {
    const then = before.get(feature);
    return {
      feature,
      value,
      ...(then ? { other: then.value } : {}),
      contribution: contribution - (then?.contribution ?? 0),
    };
  });
}

/** Largest first; those that add nothing are counted apart. */
export function ranked(parts: readonly Share[]): { shown: Share[]; silent: string[] } {
  const shown = parts.filter(({ contribution }) => contribution !== 0);
  return {
    shown: shown.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)),
    silent: parts.filter(({ contribution }) => contribution === 0).map(({ feature }) => feature),
  };
}

export interface Step extends Share {
  /** Where the bar begins and ends, as shares of the whole width from 0 to 1. */
  readonly from: number;
  readonly to: number;
}

/** Bars of a waterfall from `base`: each begins where the one before it ended. */
export function steps(parts: readonly Share[], base: number): Step[] {
  const ends = [base];
  for (const { contribution } of parts) ends.push((ends.at(-1) ?? base) + contribution);
  const low = Math.min(...ends);
  const width = Math.max(...ends) - low || 1;
  return parts.map((part, index) => ({
    ...part,
    from: ((ends[index] ?? base) - low) / width,
    to: ((ends[index + 1] ?? base) - low) / width,
  }));
}
