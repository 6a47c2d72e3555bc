// A whole table answered at once: which rows, by which version, how far explained.
import { useState } from "preact/hooks";

import { createScoringJob } from "../api/in_use";
import { listDatasets, listVersions } from "../api/operations";
import { SelectField } from "../components/field";
import { Form } from "../components/form";
import { LoadedPages } from "../components/loaded";
import { PageFrame } from "../components/page";
import { DropArea, SendingNote, StopSending, useSending } from "../components/upload";
import { plural } from "../format";
import { t } from "../messages";
import { useAction, usePages } from "../resource";
import { address, navigate } from "../router";

const EXPLAIN = [
  ["features", t("what each feature contributes")],
  ["edges", t("what each edge contributes")],
  ["none", t("the answers only")],
] as const;

export function ScorePage({ model }: { model: string }) {
  const versions = usePages(model, (cursor, signal) => listVersions(model, cursor, signal));
  return (
    <PageFrame
      title={t("Score a table")}
      trail={[
        [t("Models"), "/models"],
        [model, address`/models/${model}`],
      ]}
      lead={t(
        "A worker answers every row of a table and makes a file of it. The rows are no decision records: the audit trail keeps the digests of table, version and result, and the same three give the same bytes again.",
      )}
    >
      <LoadedPages pages={versions} empty={<p>{t("No version has been trained yet.")}</p>}>
        {(items) => {
          const approved = items.filter(({ state }) => state === "approved").map((one) => one.number);
          return approved.length === 0 ? (
            <div class="empty">
              <p class="strong">{t("No version of this model is approved.")}</p>
              <p>{t("Only what was approved may answer: submit a version for review first.")}</p>
            </div>
          ) : (
            <ScoreForm model={model} approved={approved} />
          );
        }}
      </LoadedPages>
    </PageFrame>
  );
}

function ScoreForm({ model, approved }: { model: string; approved: readonly number[] }) {
  const [dataset, setDataset] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [version, setVersion] = useState("");
  const [explain, setExplain] = useState("features");
  const sending = useSending();
  const score = useAction(async () => {
    const form = new FormData();
    if (file) form.set("file", file);
    else form.set("dataset_id", dataset);
    if (version) form.set("version", version);
    form.set("explain", explain);
    const made = await sending.run((onSent, signal) => createScoringJob(model, form, onSent, signal));
    if (made) navigate(address`/scoring-jobs/${made.job.id}`);
  });
  return (
    <Form
      action={score}
      card
      shownAt={["/file", "/dataset_id", "/version"]}
      submit={t("Score the table")}
      busy={t("Sending…")}
      disabled={!file && !dataset}
      more={<StopSending sending={sending} />}
      cancel={address`/models/${model}`}
    >
      <DatasetChoice
        id={file ? "" : dataset}
        onId={(id) => {
          setDataset(id);
          setFile(null);
        }}
        error={score.problem?.at("/dataset_id")}
      />
      <DropArea
        file={file}
        onFile={(chosen) => {
          setFile(chosen ?? null);
          setDataset("");
          sending.forget();
        }}
        error={score.problem?.at("/file")}
      />
      <div class="field-row">
        <SelectField
          label={t("Version")}
          hint={t("Approved versions only.")}
          value={version}
          onValue={setVersion}
          options={[["", t("the champion")], ...approved.map((one) => [String(one), t("version {0}", one)] as const)]}
          error={score.problem?.at("/version")}
        />
        <SelectField label={t("Beside each answer")} value={explain} onValue={setExplain} options={EXPLAIN} />
      </div>
      <SendingNote share={sending.share} isStopped={sending.isStopped} size={file?.size ?? 0} />
    </Form>
  );
}

interface DatasetChoiceProps {
  id: string;
  onId: (id: string) => void;
  error: string | undefined;
}

function DatasetChoice({ id, onId, error }: DatasetChoiceProps) {
  const datasets = usePages("datasets", listDatasets);
  return (
    <SelectField
      label={t("A dataset that is here")}
      hint={t("Or a file below. Columns that the version does not take are read over.")}
      value={id}
      onValue={onId}
      options={[
        ["", "none"],
        ...(datasets.data ?? []).map((one) => [one.id, `${one.name} (${plural(one.rows, "row")})`] as const),
      ]}
      error={error}
    />
  );
}
