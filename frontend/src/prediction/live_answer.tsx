// What the version says of the values in the fields, while they change.
import type { PredictionPreviews } from "../api/types";
import { ProblemNote } from "../components/problem";
import { Placeholder } from "../components/loaded";
import { number } from "../format";
import { t } from "../messages";
import { currentLocation, setQuery } from "../router";
import { outputChange, outputName, outputText } from "./answer";
import { intervalText } from "./interval";
import type { Latest } from "./latest";
import { ShareTable } from "./share_table";
import { differences, shares } from "./shares";

interface LiveAnswerProps {
  preview: Latest<PredictionPreviews>;
  startName: string;
  /** Whether all fields have a value. */
  isWhole: boolean;
}

export function LiveAnswer({ preview, startName, isWhole }: LiveAnswerProps) {
  const { answer, problem, isStale } = preview;
  return (
    <section class={isStale ? "live stale" : "live"} aria-label={t("What the version says now")}>
      {!isWhole && <p class="note note-warn">{t("A field is empty or no number: this is the answer before.")}</p>}
      {problem && <ProblemNote problem={problem} />}
      {answer ? <Shown answer={answer} startName={startName} /> : !problem && <Placeholder rows={6} />}
    </section>
  );
}

function Shown({ answer, startName }: { answer: PredictionPreviews; startName: string }) {
  const [now, start] = answer.previews;
  if (!now || !start) return null;
  const isMoved = now.output.link !== start.output.link;
  return (
    <>
      <div class="live-head">
        <span class="metric-name">{outputName(now.output)}</span>
        <output class="live-value">{outputText(now.output, answer.link)}</output>
        <span class="hint">
          {isMoved
            ? t("{0} against {1}", outputChange(now.output, start.output, answer.link), startName)
            : t("the same as {0}", startName)}
        </span>
      </div>
      <div class="live-body">
      {now.warnings.map((warning) => (
        <p class="hint" key={warning.feature}>
          <span class="badge badge-warn">{warning.code === "out_of_domain" ? "outside" : "unseen"}</span>{" "}
          {warning.feature}
        </p>
      ))}
      {now.interval && <p class="hint">{intervalText(now.interval)}</p>}
      <Comparison now={now} start={start} startName={startName} />
      <p class="hint">{t("Nothing is recorded while you try values.")}</p>
      </div>
    </>
  );
}

type Preview = PredictionPreviews["previews"][number];

/** The bars: against the reference, or against the row where one began. */
function Comparison({ now, start, startName }: { now: Preview; start: Preview; startName: string }) {
  const againstStart = currentLocation.value.query.get("against") === "start";
  return (
    <>
      <p class="live-against">{t("Compared with")}</p>
      <div class="segmented" role="group" aria-label={t("Compared with")}>
        <button type="button" aria-pressed={!againstStart} onClick={() => setQuery({ against: null })}>
          {t("the reference")}
        </button>
        <button type="button" aria-pressed={againstStart} onClick={() => setQuery({ against: "start" })}>
          {startName}
        </button>
      </div>
      {againstStart ? (
        <ShareTable
          caption={t("Contributions to the difference from {0}", startName)}
          parts={differences(now, start)}
          base={start.output.link}
          from={t("Output of {0}", startName)}
          to={t("Output now")}
          start={number(start.output.link)}
          end={number(now.output.link)}
        />
      ) : (
        <ShareTable
          caption={t("Contributions against the reference")}
          parts={shares(now)}
          base={now.base_value}
          from={t("Average of the {0} reference", now.reference)}
          to={t("Output now")}
          start={number(now.base_value)}
          end={number(now.output.link)}
        />
      )}
    </>
  );
}
