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
import { useAction, useResource, type Resource } from "../resource";
import { address, currentLocation, setQuery } from "../router";
import { may } from "../session";
import { settingText } from "../sweep_draft";

const RELOAD_MILLISECONDS = 3000;

const SIZES: readonly (readonly [SweepSize, string])[] = [
  ["active_edges", "Active edges"],
  ["complexity", "Complexity of the formula"],
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
      title={sweep.data?.message || "Sweep"}
      trail={[
        ["Sweeps", "/sweeps"],
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
        {cancel.busy ? "Cancelling…" : "Cancel the sweep"}
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
            ["Model", <a href={address`/models/${sweep.model}`}>{sweep.model}</a>],
            ["Dataset", <a href={address`/datasets/${sweep.dataset_id}`}>Open the dataset</a>],
            ["Requested", `${moment(sweep.created_at)} by ${sweep.created_by}`],
          ]}
        />
      </div>
      <Section title="Loss against size">
        <CandidateChart sweep={sweep} />
      </Section>
      <Section title="Candidates">
        <Table
          caption="Candidates"
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
      <div class="segmented" role="group" aria-label="Draw the loss against">
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
        {(figure) => <Chart figure={figure} description={`Held-out loss of the candidates against: ${title}`} />}
      </Loaded>
    </>
  );
}

function columnsFor(model: string): readonly Column<SweepCandidate>[] {
  return [
    {
      title: "Settings",
      cell: (one) =>
        Object.entries(one.settings)
          .map(([name, value]) => settingText(name, value))
          .join("; "),
    },
    {
      title: "Job",
      cell: (one) => (
        <a href={address`/training-jobs/${one.job_id}`} aria-label={`Job ${one.position + 1}: ${one.state}`}>
          <StateBadge state={one.state} />
        </a>
      ),
    },
    {
      title: "Version",
      cell: (one) =>
        one.version === null ? "–" : <a href={address`/models/${model}/versions/${one.version}`}>Version {one.version}</a>,
    },
    { title: "Held-out loss", numeric: true, cell: (one) => number(one.loss) },
    { title: "Active edges", numeric: true, cell: (one) => number(one.active_edges) },
    { title: "Complexity", numeric: true, cell: (one) => number(one.complexity) },
    {
      title: "Front",
      cell: (one) => (one.on_front ? <span class="badge badge-good">✓ not beaten</span> : "–"),
    },
  ];
}
