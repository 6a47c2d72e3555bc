// Uploading a table: how much of it has arrived, a way to stop, and where it went wrong.
import { useEffect, useRef, useState } from "preact/hooks";

import { Problem } from "./api/client";
import { createDataset } from "./api/operations";
import { Field, TextField } from "./components/field";
import { Form } from "./components/form";
import { bytes } from "./format";
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
      submit="Upload"
      busy="Uploading…"
      disabled={!file}
      more={
        sending.share !== null &&
        sending.share < 1 && (
          <button type="button" class="button" onClick={sending.cancel}>
            Stop the upload
          </button>
        )
      }
    >
      <DropArea file={file} onFile={choose} error={upload.problem?.at("/file")} />
      <div class="field-row">
        <TextField
          label="Name"
          value={name}
          onValue={setName}
          error={upload.problem?.at("/name")}
          input={{ required: true, maxLength: 200 }}
        />
        <TextField
          label="Target column (optional)"
          hint="The column that models will predict; it can also be chosen at each training."
          value={target}
          onValue={setTarget}
          error={upload.problem?.at("/schema/target")}
        />
      </div>
      <SendingNote share={sending.share} isStopped={sending.isStopped} size={file?.size ?? 0} />
    </Form>
  );
}

type Send<T> = (onSent: (share: number) => void, signal: AbortSignal) => Promise<T>;

/** How far a sending is; stopping it is no problem that anybody must be told in red. */
function useSending() {
  const [share, setShare] = useState<number | null>(null);
  const [isStopped, setStopped] = useState(false);
  const controller = useRef(new AbortController());
  useEffect(() => () => controller.current.abort(), []);
  const run = async <T,>(send: Send<T>): Promise<T | undefined> => {
    controller.current = new AbortController();
    setStopped(false);
    setShare(0);
    try {
      return await send(setShare, controller.current.signal);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "cancelled") throw error;
      setStopped(true);
      return undefined;
    } finally {
      setShare(null);
    }
  };
  return { share, isStopped, run, cancel: () => controller.current.abort(), forget: () => setStopped(false) };
}

function SendingNote({ share, isStopped, size }: { share: number | null; isStopped: boolean; size: number }) {
  if (isStopped)
    return (
      <p class="note" role="status">
        The upload was stopped. Nothing was stored.
      </p>
    );
  if (share === null) return null;
  return (
    <div class="sending" role="status">
      <progress max={1} value={share} aria-label="Sent" />
      <p class="hint">
        {share < 1
          ? `${Math.floor(100 * share)} %, ${bytes(share * size)} of ${bytes(size)} sent`
          : "All is sent. The service reads the table and settles what each column is…"}
      </p>
    </div>
  );
}

interface DropAreaProps {
  file: File | null;
  onFile: (file: File | undefined) => void;
  error: string | undefined;
}

function DropArea({ file, onFile, error }: DropAreaProps) {
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? "drop-area over" : "drop-area"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFile(event.dataTransfer?.files[0]);
      }}
    >
      <Field
        label="Table as CSV (one header row, UTF-8) or Parquet"
        hint={
          file
            ? `${file.name}, ${bytes(file.size)}`
            : "Drop a file here, or choose one."
        }
        error={error}
      >
        {(tie) => (
          <input
            {...tie}
            type="file"
            accept=".csv,text/csv,.parquet"
            onChange={(event) => onFile(event.currentTarget.files?.[0])}
          />
        )}
      </Field>
    </div>
  );
}
