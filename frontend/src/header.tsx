// The bar on top of every page: where one can go, who one is, light or dark.
import { useEffect, useState } from "preact/hooks";

import type { Me } from "./api/types";
import { useAction } from "./resource";
import { currentLocation } from "./router";
import { may, signOut } from "./session";
import { ThemeButton } from "./theme_button";

const PLACES: readonly (readonly [text: string, address: string, operation: string])[] = [
  ["Models", "/models", "list_models"],
  ["Reviews", "/reviews", "list_reviews"],
  ["Decisions", "/predictions", "list_predictions"],
  ["Datasets", "/datasets", "list_datasets"],
  ["Training jobs", "/training-jobs", "list_training_jobs"],
  ["Audit trail", "/audit", "list_audit_events"],
  ["People", "/people", "list_users"],
  ["API keys", "/api-keys", "list_api_keys"],
];

export function Header({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  const leave = useAction(signOut);
  const { path } = currentLocation.value;
  useEffect(() => setOpen(false), [path]);
  const isHere = (place: string): boolean => path.startsWith(place) || (path === "/" && place === "/models");
  return (
    <header class="bar">
      <a class="brand" href="/models">
        <img src="/favicon.svg" alt="" width="26" height="26" />
        Edgewise
      </a>
      <button type="button" class="button menu-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        Menu
      </button>
      <div class={open ? "bar-content open" : "bar-content"}>
        <nav aria-label="Main">
          {PLACES.filter(([, , operation]) => may(operation)).map(([text, to]) => (
            <a key={to} href={to} {...(isHere(to) ? { "aria-current": "page" as const } : {})}>
              {text}
            </a>
          ))}
        </nav>
        <div class="bar-person">
          <span class="person">
            <a href="/account">
              <strong>{me.printed_name}</strong>
            </a>
            <span class="roles">{me.roles.join(", ")}</span>
          </span>
          <ThemeButton />
          <button type="button" class="button" disabled={leave.busy} onClick={() => void leave.run()}>
            Sign out
          </button>
        </div>
      </div>
    </header>
  );
}
