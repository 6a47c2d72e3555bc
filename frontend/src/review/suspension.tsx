// Whether a version may be used: its limits, its suspension, and the steps that stop or resume its use.
import { useState } from "preact/hooks";

import {
  confirmResumption,
  createSuspension,
  listSuspensions,
  requestResumption,
  retireVersion,
} from "../api/operations";
import type { Suspension, Version } from "../api/types";
import { ProblemNote } from "../components/problem";
import { moment } from "../format";
import { t, tx } from "../messages";
import { useAction, useResource } from "../resource";
import { may } from "../session";
import { ReasonDialog } from "./reason_dialog";

const RETIRABLE: ReadonlySet<string> = new Set(["approved", "suspended"]);

interface UseOfVersionProps {
  version: Version;
  onChanged: () => void;
}

export function UseOfVersion({ version, onChanged }: UseOfVersionProps) {
  return (
    <>
      <Limits version={version} />
      {version.state === "retired" && (
        <p class="note note-warn">
          {tx("Retired: {0}. Nobody can use this version any more.", version.retirement_reason)}
        </p>
      )}
      {version.state === "suspended" && <Suspended version={version} onChanged={onChanged} />}
      {version.state === "approved" && may("create_suspension") && (
        <SuspendButton version={version} onChanged={onChanged} />
      )}
      {RETIRABLE.has(version.state) && may("retire_version") && (
        <RetireButton version={version} onChanged={onChanged} />
      )}
    </>
  );
}

function Limits({ version }: { version: Version }) {
  const { conditions, expires_at, maximum_rows } = version.limits;
  if (!conditions && !expires_at && !maximum_rows) return null;
  return (
    <p class="note">
      {tx(
        "Limits of use. {0} {1}{2}",
        conditions,
        expires_at && t("The approval ends at {0}. ", moment(expires_at)),
        maximum_rows && t("At most {0} rows a call.", maximum_rows),
      )}
    </p>
  );
}

function SuspendButton({ version, onChanged }: UseOfVersionProps) {
  const [open, setOpen] = useState(false);
  return (
    <p>
      <button type="button" class="button" onClick={() => setOpen(true)}>{t("Suspend this version")}</button>
      {open && (
        <ReasonDialog
          title={t("Suspend version {0}", version.number)}
          explanation={t("From this moment on it answers nobody. To resume it takes two people.")}
          label={t("Reason")}
          submit={t("Suspend now")}
          onClose={() => setOpen(false)}
          act={(reason) => createSuspension(version.model, version.number, reason)}
          onDone={onChanged}
        />
      )}
    </p>
  );
}

function RetireButton({ version, onChanged }: UseOfVersionProps) {
  const [open, setOpen] = useState(false);
  return (
    <p>
      <button type="button" class="button danger" onClick={() => setOpen(true)}>
        {t("Retire this version")}
      </button>
      {open && (
        <ReasonDialog
          title={t("Retire version {0}", version.number)}
          explanation={t("Its use ends for good: nobody can take this back. Aliases must point elsewhere first.")}
          label={t("Reason")}
          submit={t("Retire for good")}
          onClose={() => setOpen(false)}
          act={(reason) => retireVersion(version.model, version.number, reason)}
          onDone={onChanged}
        />
      )}
    </p>
  );
}

function Suspended({ version, onChanged }: UseOfVersionProps) {
  const { model, number } = version;
  const suspensions = useResource(`${model}/${number}`, (signal) => listSuspensions(model, number, signal));
  const current = suspensions.data?.items[0];
  const [asking, setAsking] = useState(false);
  const confirm = useAction(async () => {
    await confirmResumption(model, number);
    onChanged();
  });
  return (
    <div class="note note-warn">
      {current && <Story suspension={current} />}
      {confirm.problem && <ProblemNote problem={confirm.problem} />}
      <div class="form-actions">
        {may("request_resumption") && (
          <button type="button" class="button" onClick={() => setAsking(true)}>{t("Ask to resume")}</button>
        )}
        {current?.resumption_requested_at && may("confirm_resumption") && (
          <button type="button" class="button primary" disabled={confirm.busy} onClick={() => void confirm.run()}>
            {t("Confirm the resumption")}
          </button>
        )}
      </div>
      {asking && (
        <ReasonDialog
          title={t("Resume version {0}", number)}
          explanation={t("An auditor who is somebody else and did not contribute must confirm it.")}
          label={t("What has been put right")}
          submit={t("Ask to resume")}
          onClose={() => setAsking(false)}
          act={(reason) => requestResumption(model, number, reason)}
          onDone={() => {
            setAsking(false);
            suspensions.reload();
          }}
        />
      )}
    </div>
  );
}

function Story({ suspension }: { suspension: Suspension }) {
  return (
    <>
      <p>
        {tx(
          "Suspended {0} by {1}: {2}",
          moment(suspension.suspended_at),
          suspension.suspended_by,
          suspension.reason,
        )}
      </p>
      {suspension.resumption_requested_at && (
        <p>
          {tx(
            "{0} asks to resume it: {1}",
            suspension.resumption_requested_by,
            suspension.resumption_reason,
          )}
        </p>
      )}
    </>
  );
}
