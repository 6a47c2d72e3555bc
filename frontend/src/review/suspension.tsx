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
        <p class="note note-warn">Retired: {version.retirement_reason}. Nobody can use this version any more.</p>
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
      Limits of use. {conditions} {expires_at && `The approval ends at ${moment(expires_at)}. `}
      {maximum_rows && `At most ${maximum_rows} rows a call.`}
    </p>
  );
}

function SuspendButton({ version, onChanged }: UseOfVersionProps) {
  const [open, setOpen] = useState(false);
  return (
    <p>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        Suspend this version
      </button>
      {open && (
        <ReasonDialog
          title={`Suspend version ${version.number}`}
          explanation="From this moment on it answers nobody. To resume it takes two people."
          label="Reason"
          submit="Suspend now"
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
        Retire this version
      </button>
      {open && (
        <ReasonDialog
          title={`Retire version ${version.number}`}
          explanation="Its use ends for good: nobody can take this back. Aliases must point elsewhere first."
          label="Reason"
          submit="Retire for good"
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
          <button type="button" class="button" onClick={() => setAsking(true)}>
            Ask to resume
          </button>
        )}
        {current?.resumption_requested_at && may("confirm_resumption") && (
          <button type="button" class="button primary" disabled={confirm.busy} onClick={() => void confirm.run()}>
            Confirm the resumption
          </button>
        )}
      </div>
      {asking && (
        <ReasonDialog
          title={`Resume version ${number}`}
          explanation="An auditor who is somebody else and did not contribute must confirm it."
          label="What has been put right"
          submit="Ask to resume"
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
        Suspended {moment(suspension.suspended_at)} by {suspension.suspended_by}: {suspension.reason}
      </p>
      {suspension.resumption_requested_at && (
        <p>
          {suspension.resumption_requested_by} asks to resume it: {suspension.resumption_reason}
        </p>
      )}
    </>
  );
}
