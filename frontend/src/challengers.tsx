// Other models on the rows of a version: how they do, and whether one of them is the better tool.
import { useEffect } from "preact/hooks";

import { createChallengers, getChallengers } from "./api/operations";
import type { Challenger, ChallengerReport, Challengers } from "./api/types";
import { StateBadge } from "./components/badge";
import { Loaded } from "./components/loaded";
import { ProblemNote } from "./components/problem";
import { Table, type Column } from "./components/table";
import { count, metricName, number, plural, signed } from "./format";
import { t, tx } from "./messages";
import { useAction, useResource } from "./resource";
import { address } from "./router";
import { may } from "./session";

const RELOAD_MILLISECONDS = 2000;

export function ChallengerSection({ model, version }: { model: string; version: number }) {
  const found = useResource(`${model}/${version}`, (signal) => getChallengers(model, version, signal));
  const state = found.data?.job?.state;
  const isGoing = state === "queued" || state === "running";
  useEffect(() => {
    if (!isGoing) return undefined;
    const timer = setInterval(found.reload, RELOAD_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isGoing, found.reload]);
  const start = useAction(async () => {
    await createChallengers(model, version);
    found.reload();
  });
  const mayStart = may("create_challengers") && !isGoing && state !== "succeeded";
  return (
    <Loaded resource={found}>
      {(data) => (
        <>
          {data.report ? <Report report={data.report} /> : <Waiting challengers={data} />}
          {mayStart && (
            <button type="button" class="button" disabled={start.busy} onClick={() => void start.run()}>
              {t("Compare with other models")}
            </button>
          )}
          {start.problem && <ProblemNote problem={start.problem} />}
        </>
      )}
    </Loaded>
  );
}

function Waiting({ challengers: { job } }: { challengers: Challengers }) {
  if (!job) return <p class="hint">{t("This version was not compared with other models yet.")}</p>;
  return (
    <p role="status">
      {tx(
        "{0} is {1}{2}",
        <a href={address`/training-jobs/${job.id}`}>{t("The comparison")}</a>,
        <StateBadge state={job.state} />,
        job.error && <span> {job.error.detail}</span>,
      )}
    </p>
  );
}

function Report({ report }: { report: ChallengerReport }) {
  return (
    <>
      <p class={report.kan_is_wrong_tool ? "note note-bad" : "note note-good"}>{report.verdict}</p>
      <Table
        caption={t("Challengers")}
        columns={columnsFor(report)}
        rows={report.challengers}
        rowKey={(one) => one.name}
      />
      <p class="hint">
        {tx(
          "On the same {0}. Differences are those of the {1} to this version, negative where the other model is better, with 95 % intervals of a paired bootstrap ({2} resamples). The others are not tuned and keep no directions.",
          plural(report.rows, t("held-out row")),
          report.compared,
          count(report.resamples),
        )}
      </p>
    </>
  );
}

function columnsFor(report: ChallengerReport): readonly Column<Challenger>[] {
  return [
    {
      title: t("Model"),
      cell: (one) => (
        <>
          <span class="strong">{one.title}</span> <span class="block hint">{one.settings}</span>
        </>
      ),
    },
    ...report.metrics.map(
      (own): Column<Challenger> => ({
        title: t("{0} (this version {1})", metricName(own.name), number(own.value)),
        numeric: true,
        cell: (one) => number(one.metrics.find((metric) => metric.name === own.name)?.value),
      }),
    ),
    {
      title: t("Difference"),
      numeric: true,
      cell: (one) => `${signed(one.difference)} (${number(one.lower)} to ${number(one.upper)})`,
    },
  ];
}
