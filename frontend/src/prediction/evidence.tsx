// What a record is proved by: its identifier, its digests, and the same bits computed again.
import { useState } from "preact/hooks";

import { replayPrediction } from "../api/operations";
import type { Replay, StoredPrediction } from "../api/types";
import { CopyButton, Digest } from "../components/digest";
import { Facts } from "../components/page";
import { ProblemNote } from "../components/problem";
import { cell, moment } from "../format";
import { t, tx } from "../messages";
import { useAction } from "../resource";
import { address } from "../router";
import { may } from "../session";

export function Evidence({ record }: { record: StoredPrediction }) {
  const [replayed, setReplayed] = useState<Replay | null>(null);
  const { id } = record.prediction;
  const replay = useAction(async () => setReplayed(await replayPrediction(id)));
  const permalink = `${window.location.origin}${address`/predictions/${id}`}`;
  return (
    <div class="card">
      <Facts
        facts={[
          [
            t("Record"),
            <>
              <a href={address`/predictions/${id}`}>
                <code>{id}</code>
              </a>{" "}
              <CopyButton text={permalink} label={t("Copy the permanent address")} />
            </>,
          ],
          [
            t("Version"),
            <a
              href={address`/models/${record.model}/versions/${record.version}`}
            >{t("{0}, version {1}", record.model, record.version)}</a>,
          ],
          [t("Digest of the version"), <Digest digest={record.digest} label={t("digest of the version")} />],
          [t("Digest of the record"), <Digest digest={record.record_digest} label={t("digest of the record")} />],
          [t("Made"), `${moment(record.created_at)} by ${record.created_by}`],
          [t("Kind"), record.trial ? t("trial: made on a version that was not approved") : "decision"],
        ]}
      />
      {may("replay_prediction") && (
        <button type="button" class="button" disabled={replay.busy} onClick={() => void replay.run()}>
          {replay.busy ? t("Replaying…") : t("Replay")}
        </button>
      )}
      <div role="status">{replayed && <ReplayOutcome replay={replayed} />}</div>
      {replay.problem && <ProblemNote problem={replay.problem} />}
      <details>
        <summary>{t("The row as it was sent")}</summary>
        <Facts facts={Object.entries(record.row).map(([name, value]) => [name, cell(value)])} />
      </details>
    </div>
  );
}

function ReplayOutcome({ replay }: { replay: Replay }) {
  return replay.identical ? (
    <p class="note note-good">
      {tx(
        "{0} Computed again from the stored version, the record has the same digest {1}.",
        <strong>{t("✓ Identical bits.")}</strong>,
        <code>{replay.replayed_digest}</code>,
      )}
    </p>
  ) : (
    <p class="note note-bad">
      {tx(
        "{0} Stored: {1}, computed again: {2}. Tell the administrator.",
        <strong>{t("✕ The bits differ.")}</strong>,
        <code>{replay.stored_digest}</code>,
        <code>{replay.replayed_digest}</code>,
      )}
    </p>
  );
}
