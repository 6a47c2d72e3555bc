// Uploading a table as a dataset.
import { useState } from "preact/hooks";

import { createDataset } from "./api/operations";
import { TextField } from "./components/field";
import { Form } from "./components/form";
import { DropArea, SendingNote, StopSending, useSending } from "./components/upload";
import { t } from "./messages";
import { useAction } from "./resource";
import { address, navigate } from "./router";

export function UploadForm() {
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState("");
  const [target, setTarget] = useState("");
  const sending = useSending();
  const upload = useAction(async () => {
    if (!file) return;
    const form = new FormData();
    form.set("name", name);
    form.set("file", file);
    if (target) form.set("schema", JSON.stringify({ target }));
    const dataset = await sending.run((onSent, signal) => createDataset(form, onSent, signal));
    if (dataset) navigate(address`/datasets/${dataset.id}`);
  });
  const choose = (chosen: File | undefined): void => {
    if (!chosen) return;
    setFile(chosen);
    sending.forget();
    if (!name) setName(chosen.name.replace(/\.(csv|parquet)$/i, ""));
  };
  return (
    <Form
      action={upload}
      card
      shownAt={["/name", "/file", "/schema/target"]}
      submit={t("Upload")}
      busy={t("Uploading…")}
      disabled={!file}
      more={<StopSending sending={sending} />}
    >
      <DropArea file={file} onFile={choose} error={upload.problem?.at("/file")} />
      <div class="field-row">
        <TextField
          label={t("Name")}
          value={name}
          onValue={setName}
          error={upload.problem?.at("/name")}
          input={{ required: true, maxLength: 200 }}
        />
        <TextField
          label={t("Target column (optional)")}
          hint={t("The column that models will predict; it can also be chosen at each training.")}
          value={target}
          onValue={setTarget}
          error={upload.problem?.at("/schema/target")}
        />
      </div>
      <SendingNote share={sending.share} isStopped={sending.isStopped} size={file?.size ?? 0} />
    </Form>
  );
}
