// The address is the state: path chooses the page, the query holds what is selected in it.
import { signal } from "@preact/signals";

export interface Location {
  readonly path: string;
  readonly query: URLSearchParams;
}

export const currentLocation = signal<Location>(readLocation());

function readLocation(): Location {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

/** Go to an address of this application. */
export function navigate(address: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  currentLocation.value = readLocation();
}

/** Change some fields of the query and leave the rest; null removes a field. */
export function setQuery(changes: Record<string, string | null>, how: "push" | "replace" = "replace"): void {
  navigate(withQuery(changes), how);
}

/** The same for what nothing on the page is drawn from: the address tells it, nobody is asked to render. */
export function keepQuery(changes: Record<string, string | null>): void {
  history.replaceState(null, "", withQuery(changes));
}

function withQuery(changes: Record<string, string | null>): string {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return window.location.pathname + (text ? `?${text}` : "");
}

/** Follow the history, and turn clicks on plain links within the application into navigation. */
export function followLinks(): void {
  addEventListener("popstate", () => {
    currentLocation.value = readLocation();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (
      !anchor ||
      anchor.origin !== window.location.origin ||
      anchor.target ||
      anchor.hasAttribute("download")
    )
      return;
    if (anchor.hash && anchor.pathname === window.location.pathname) return;
    event.preventDefault();
    navigate(anchor.pathname + anchor.search);
  });
}

export type Parameters = Readonly<Record<string, string>>;

/** The values of `:name` parts where `path` has the form of `pattern`, else null. */
export function matchPath(pattern: string, path: string): Parameters | null {
  const wanted = pattern.split("/").filter(Boolean);
  const given = path.split("/").filter(Boolean);
  if (wanted.length !== given.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":")) parameters[part.slice(1)] = decode(value);
    else if (part !== value) return null;
  }
  return parameters;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A malformed escape names nothing; the server answers 404 for it as it stands.
    return part;
  }
}

/** A path with every part escaped: address`/models/${name}`. */
export function address(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce((text, part, index) => text + encodeURIComponent(String(values[index - 1])) + part);
}
