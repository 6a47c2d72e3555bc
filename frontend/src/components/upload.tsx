// Sending a file: the place to drop it, how much of it has arrived, a way to stop.
import { useEffect, useRef, useState } from "preact/hooks";

import { Problem } from "../api/client";
import { bytes } from "../format";
import { t } from "../messages";
import { Field } from "./field";

type Send<T> = (onSent: (share: number) => void, signal: AbortSignal) => Promise<T>;

/** How far a sending is; stopping it is no problem that anybody must be told in red. */
export function useSending() {
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

export function SendingNote({ share, isStopped, size }: { share: number | null; isStopped: boolean; size: number }) {
  if (isStopped)
    return (
      <p class="note" role="status">{t("The upload was stopped. Nothing was stored.")}</p>
    );
  if (share === null) return null;
  return (
    <div class="sending" role="status">
      <progress max={1} value={share} aria-label={t("Sent")} />
      <p class="hint">
        {share < 1
          ? t("{0} %, {1} of {2} sent", Math.floor(100 * share), bytes(share * size), bytes(size))
          : t("All is sent. The service reads the table and settles what each column is…")}
      </p>
    </div>
  );
}

/** The button that stops a sending, while there is one. */
export function StopSending({ sending }: { sending: { share: number | null; cancel: () => void } }) {
  if (sending.share === null || sending.share >= 1) return null;
  return (
    <button type="button" class="button" onClick={sending.cancel}>{t("Stop the upload")}</button>
  );
}

interface DropAreaProps {
  file: File | null;
  onFile: (file: File | undefined) => void;
  error: string | undefined;
}

export function DropArea({ file, onFile, error }: DropAreaProps) {
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
        label={t("Table as CSV (one header row, UTF-8) or Parquet")}
        hint={
          file
            ? `${file.name}, ${bytes(file.size)}`
            : t("Drop a file here, or choose one.")
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
