// Parts of the application that are fetched when they are first needed.
import { useEffect, useState } from "preact/hooks";

import { Placeholder } from "./components/loaded";
import { t } from "./messages";
import { currentLocation } from "./router";
import { screenAt, type Screen, type Show } from "./screens";

type Fetched<Part> = { readonly part: Part } | "failed" | null;

const fetched = new Map<unknown, unknown>();

/** The part once it is here, null until then; a part that was fetched before is there at once. */
export function useFetched<Part>(load: () => Promise<Part>): Fetched<Part> {
  const known = (): Fetched<Part> => (fetched.has(load) ? { part: fetched.get(load) as Part } : null);
  const [state, setState] = useState<Fetched<Part>>(known);
  useEffect(() => {
    let isWanted = true;
    load().then(
      (part) => {
        fetched.set(load, part);
        if (isWanted) setState({ part });
      },
      // The file is gone when the service was updated meanwhile, or the connection is.
      () => isWanted && setState("failed"),
    );
    return () => {
      isWanted = false;
    };
  }, [load]);
  return state;
}

/** Fetch the page of the address ahead, while something else is still being waited for. */
export function fetchAhead(): void {
  const { load } = screenAt(currentLocation.peek().path).screen;
  void load().then(
    (part) => fetched.set(load, part),
    () => undefined,
  );
}

export function ScreenFrame({ screen, parameters }: { screen: Screen; parameters: Parameters<Show>[0] }) {
  const found = useFetched(screen.load);
  if (found === "failed") return <NotFetched />;
  if (found) return found.part(parameters);
  return (
    <main class="page">
      <Placeholder rows={6} />
    </main>
  );
}

function NotFetched() {
  return (
    <main class="page">
      <div class="note note-bad" role="alert">
        <p class="note-title">{t("This page could not be loaded.")}</p>
        <p>{t("The service was updated, or the connection is lost.")}</p>
        <button type="button" class="button" onClick={() => location.reload()}>{t("Load it again")}</button>
      </div>
    </main>
  );
}
