// A dialog that asks why, for a step that is written to the audit trail.
import { useState } from "preact/hooks";

import { Dialog } from "../components/dialog";
import { TextArea } from "../components/field";
import { Form } from "../components/form";
import { t } from "../messages";
import { useAction } from "../resource";

interface ReasonDialogProps {
  title: string;
  explanation: string;
  label: string;
  submit: string;
  onClose: () => void;
  act: (reason: string) => Promise<unknown>;
  onDone: () => void;
}

export function ReasonDialog({ title, explanation, label, submit, onClose, act, onDone }: ReasonDialogProps) {
  const [reason, setReason] = useState("");
  const action = useAction(async () => {
    await act(reason);
    onDone();
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <Form action={action} submit={submit} busy={t("Sending…")} cancel={onClose}>
        <p>{explanation}</p>
        <TextArea label={label} value={reason} onValue={setReason} required />
      </Form>
    </Dialog>
  );
}
