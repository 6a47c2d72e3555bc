// The only file that talks to the server: requests, problems (RFC 9457), event streams.
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
  form?: FormData;
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
  const problem = new Problem(asProblem(document, response));
  if (problem.code === "not_signed_in") onSignedOut();
  throw problem;
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (options.ifMatch !== undefined) headers.set("If-Match", options.ifMatch);
  try {
    return await fetch(ROOT + path, {
      method,
      headers,
      body: options.form ?? (options.body === undefined ? null : JSON.stringify(options.body)),
      signal: options.signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    const detail =
      "The service did not answer. Check that it runs and that you are connected, then try again.";
    throw new Problem(localProblem("no_answer", 0, detail));
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // A proxy in between may answer in HTML; the status then says all there is.
    return null;
  }
}

function asProblem(document: unknown, response: Response): ProblemDocument {
  if (typeof document === "object" && document !== null && "code" in document && "detail" in document) {
    return document as ProblemDocument;
  }
  const detail = `The service answered ${response.status} without saying why.`;
  return localProblem("unexpected_answer", response.status, detail);
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
