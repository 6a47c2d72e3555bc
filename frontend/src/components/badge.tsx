// States and forms in a word with a sign and a colour; never by colour alone.
import type { Decision, FindingState, Form, JobState, Outcome, ReviewState, RiskTier, VersionState } from "../api/types";
import { words } from "../format";

type Tone = "plain" | "good" | "bad" | "warn" | "accent";

const TONES: Record<VersionState | JobState | ReviewState | FindingState | Decision | RiskTier | Outcome, readonly [Tone, string]> = {
  candidate: ["plain", "○"],
  in_review: ["warn", "◐"],
  approved: ["good", "✓"],
  rejected: ["bad", "✕"],
  suspended: ["bad", "‖"],
  retired: ["plain", "–"],
  queued: ["plain", "○"],
  running: ["accent", "◐"],
  succeeded: ["good", "✓"],
  failed: ["bad", "✕"],
  cancelled: ["plain", "–"],
  open: ["warn", "◐"],
  changes_requested: ["warn", "↺"],
  withdrawn: ["plain", "–"],
  resolved: ["accent", "◐"],
  closed: ["good", "✓"],
  accepted: ["good", "✓"],
  proved: ["good", "✓"],
  refuted: ["bad", "✕"],
  undecided: ["warn", "?"],
  low: ["plain", "△"],
  medium: ["warn", "◭"],
  high: ["bad", "▲"],
};

export function StateBadge({ state, suffix = "" }: { state: keyof typeof TONES; suffix?: string }) {
  const [tone, sign] = TONES[state];
  return (
    <span class={`badge badge-${tone}`}>
      <span aria-hidden="true">{sign}</span>
      {words(state)}
      {suffix}
    </span>
  );
}

export function AliasBadge({ alias }: { alias: string }) {
  return (
    <span class="badge badge-accent">
      <span aria-hidden="true">★</span>
      {alias}
    </span>
  );
}

export function FormBadge({ form }: { form: Form }) {
  return <span class={`badge form-badge form-${form}`}>{form}</span>;
}
