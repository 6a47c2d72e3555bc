// The end of every revision: why, and the job that makes it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { createRevision } from "../api/operations";
import type { Change } from "../api/types";
import { TextArea } from "../components/field";
import { Form } from "../components/form";
import { t } from "../messages";
import { useAction } from "../resource";
import { address, navigate } from "../router";

interface SubmitProps {
  model: string;
  version: number;
  /** None while there is nothing to submit. */
  changes: readonly Change[];
  cancel: () => void;
  children: ComponentChildren;
}

export function RevisionForm({ model, version, changes, cancel, children }: SubmitProps) {
  const [message, setMessage] = useState("");
  const submit = useAction(async () => {
    const job = await createRevision(model, version, { changes: [...changes], message });
    navigate(address`/training-jobs/${job.id}`);
  });
  return (
    <Form
      action={submit}
      shownAt={["/message"]}
      submit={t("Make the new version")}
      busy={t("Asking…")}
      disabled={changes.length === 0}
      cancel={cancel}
    >
      {children}
      <TextArea
        label={t("Message")}
        hint={t("Why the version is changed; it stays with the new version.")}
        value={message}
        onValue={setMessage}
        rows={2}
        required
        error={submit.problem?.at("/message")}
      />
    </Form>
  );
}
