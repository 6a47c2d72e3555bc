// The only file that talks to the server: requests, problems (RFC 9457), event streams.
import { t } from "../messages";
import type { FieldError, ProblemDocument } from "./types";

const ROOT = "/api/v1";

/** What the server refused or could not do, in its own words. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: readonly FieldError[];
  readonly requestId: string | null;

  constructor(document: ProblemDocument) {
    super(document.detail);
    this.status = document.status;
    this.code = document.code;
    this.errors = document.errors;
    this.requestId = document.request_id || null;
  }

  /** The sentences for one field: those whose pointer is it or lies below it. */
  at(pointer: string): string | undefined {
    const found = this.errors.filter(
      (error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`),
    );
    return found.length > 0 ? found.map((error) => error.detail).join(" ") : undefined;
  }
}

export interface RequestOptions {
  body?: unknown;
  ifMatch?: string;
  signal?: AbortSignal | undefined;
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Called when the server no longer knows who asks. */
let onSignedOut: () => void = () => undefined;

/** Say what happens when the session has ended. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** One request; raises Problem for every answer that is not a success, and for no answer at all. */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  const document = await readJson(response);
  if (response.ok) return document as T;
  throw refusal(document, response.status);
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (options.ifMatch !== undefined) headers.set("If-Match", options.ifMatch);
  try {
    return await fetch(ROOT + path, {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw noAnswer();
  }
}

/** Send a form and tell how much of it has arrived, from 0 to 1; only XMLHttpRequest knows that. */
export function upload<T>(
  path: string,
  form: FormData,
  onSent: (share: number) => void,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", ROOT + path);
    sending.setRequestHeader("Accept", "application/json");
    sending.upload.addEventListener("progress", ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0));
    sending.addEventListener("load", () => {
      const document = parseJson(sending.responseText);
      if (sending.status < 300) resolve(document as T);
      else reject(refusal(document, sending.status));
    });
    sending.addEventListener("error", () => reject(noAnswer()));
    sending.addEventListener("abort", () => reject(new Problem(localProblem("cancelled", 0, t("Cancelled.")))));
    signal.addEventListener("abort", () => sending.abort());
    sending.send(form);
  });
}

async function readJson(response: Response): Promise<unknown> {
  return parseJson(await response.text());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy in between may answer in HTML; the status then says all there is.
    return null;
  }
}

/** The problem that an answer describes; tells when the session has ended. */
function refusal(document: unknown, status: number): Problem {
  const problem = new Problem(asProblem(document, status));
  if (problem.code === "not_signed_in") onSignedOut();
  return problem;
}

function asProblem(document: unknown, status: number): ProblemDocument {
  if (typeof document === "object" && document !== null && "code" in document && "detail" in document) {
    return document as ProblemDocument;
  }
  return localProblem("unexpected_answer", status, t("The service answered {0} without saying why.", status));
}

function noAnswer(): Problem {
  return new Problem(localProblem("no_answer", 0, t("The service did not answer. Check that it runs and that you are connected, then try again.")));
}

/** A problem that no server has described. */
function localProblem(code: string, status: number, detail: string): ProblemDocument {
  return {
    type: "about:blank",
    title: detail,
    status,
    detail,
    instance: "",
    code,
    request_id: "",
    errors: [],
  };
}

/** The query text of the fields that have a value. */
export function query(fields: Record<string, string | number | null | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null && value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

/** Listen to a server-sent stream until its event "end"; returns what stops the listening. */
export function listen(path: string, handlers: Record<string, (data: unknown) => void>): () => void {
  const source = new EventSource(ROOT + path);
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => {
      // Closed first: the browser would otherwise open the finished stream again.
      if (name === "end") source.close();
      handle(parseEvent(event.data));
    });
  }
  return () => source.close();
}

function parseEvent(data: unknown): unknown {
  return typeof data === "string" && data !== "" ? JSON.parse(data) : null;
}
