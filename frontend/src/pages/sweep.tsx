// One sweep: every candidate with its loss and size, and those that no other one beats.
import { useEffect } from "preact/hooks";

import { cancelSweep, getSweep, getSweepChart } from "../api/operations";
import type { Sweep, SweepCandidate, SweepSize } from "../api/types";
import { Chart } from "../charts/chart";
import { StateBadge } from "../components/badge";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { ProblemNote } from "../components/problem";
import { Table, type Column } from "../components/table";
import { moment, number } from "../format";
import { JobCounts } from "../job_counts";
import { t, tx } from "../messages";
import { useAction, useResource, type Resource } from "../resource";
import { address, currentLocation, setQuery } from "../router";
import { may } from "../session";
import { settingText } from "../sweep_draft";

const RELOAD_MILLISECONDS = 3000;

const SIZES: readonly (readonly [SweepSize, string])[] = [
  ["active_edges", t("Active edges")],
  ["complexity", t("Complexity of the formula")],
];

export function SweepPage({ id }: { id: string }) {
  const sweep = useResource(id, (signal) => getSweep(id, signal));
  const isGoing = sweep.data?.finished === false;
  useEffect(() => {
    if (!isGoing) return undefined;
    const timer = setInterval(sweep.reload, RELOAD_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isGoing, sweep.reload]);
  return (
    <PageFrame
      wide
      title={sweep.data?.message || t("Sweep")}
      trail={[
        [t("Sweeps"), "/sweeps"],
        ...(sweep.data ? [[sweep.data.model, address`/models/${sweep.data.model}`] as const] : []),
      ]}
      badges={sweep.data && <JobCounts jobs={sweep.data.jobs} />}
      actions={isGoing && may("cancel_sweep") && <CancelButton sweep={sweep} id={id} />}
    >
      <Loaded resource={sweep}>{(data) => <SweepDetails sweep={data} />}</Loaded>
    </PageFrame>
  );
}

function CancelButton({ sweep, id }: { sweep: Resource<Sweep>; id: string }) {
  const cancel = useAction(async () => {
    sweep.replace(await cancelSweep(id));
  });
  return (
    <>
      <button type="button" class="button danger" disabled={cancel.busy} onClick={() => void cancel.run()}>
        {cancel.busy ? t("Cancelling…") : t("Cancel the sweep")}
      </button>
      {cancel.problem && <ProblemNote problem={cancel.problem} />}
    </>
  );
}

function SweepDetails({ sweep }: { sweep: Sweep }) {
  return (
    <>
      <div class="card">
        <Facts
          facts={[
            [t("Model"), <a href={address`/models/${sweep.model}`}>{sweep.model}</a>],
            [t("Dataset"), <a href={address`/datasets/${sweep.dataset_id}`}>{t("Open the dataset")}</a>],
            [t("Requested"), `${moment(sweep.created_at)} by ${sweep.created_by}`],
          ]}
        />
      </div>
      <Section title={t("Loss against size")}>
        <CandidateChart sweep={sweep} />
      </Section>
      <Section title={t("Candidates")}>
        <Table
          caption={t("Candidates")}
          columns={columnsFor(sweep.model)}
          rows={sweep.candidates}
          rowKey={(candidate) => candidate.position}
        />
      </Section>
    </>
  );
}

function CandidateChart({ sweep }: { sweep: Sweep }) {
  const wanted = currentLocation.value.query.get("against");
  const [against, title] = SIZES.find(([size]) => size === wanted) ?? SIZES[0] ?? ["active_edges", ""];
  const done = sweep.jobs["succeeded"] ?? 0;
  const chart = useResource(`${sweep.id}/${against}/${done}`, (signal) => getSweepChart(sweep.id, against, signal));
  return (
    <>
      <div class="segmented" role="group" aria-label={t("Draw the loss against")}>
        {SIZES.map(([size, text]) => (
          <button
            key={size}
            type="button"
            aria-pressed={size === against}
            onClick={() => setQuery({ against: size === "active_edges" ? null : size })}
          >
            {text}
          </button>
        ))}
      </div>
      <Loaded resource={chart} rows={6}>
        {(figure) => <Chart figure={figure} description={t("Held-out loss of the candidates against: {0}", title)} />}
      </Loaded>
    </>
  );
}

function columnsFor(model: string): readonly Column<SweepCandidate>[] {
  return [
    {
      title: t("Settings"),
      cell: (one) =>
        Object.entries(one.settings)
          .map(([name, value]) => settingText(name, value))
          .join("; "),
    },
    {
      title: t("Job"),
      cell: (one) => (
        <a href={address`/training-jobs/${one.job_id}`} aria-label={t("Job {0}: {1}", one.position + 1, one.state)}>
          <StateBadge state={one.state} />
        </a>
      ),
    },
    {
      title: t("Version"),
      cell: (one) =>
        one.version === null ? "–" : <a href={address`/models/${model}/versions/${one.version}`}>{tx("Version {0}", one.version)}</a>,
    },
    { title: t("Held-out loss"), numeric: true, cell: (one) => number(one.loss) },
    { title: t("Active edges"), numeric: true, cell: (one) => number(one.active_edges) },
    { title: t("Complexity"), numeric: true, cell: (one) => number(one.complexity) },
    {
      title: t("Front"),
      cell: (one) => (one.on_front ? <span class="badge badge-good">{t("✓ not beaten")}</span> : "–"),
    },
  ];
}
