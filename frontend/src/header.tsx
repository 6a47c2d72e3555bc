// The bar on top of every page: where one can go, who one is, light or dark.
import { useEffect, useState } from "preact/hooks";

import type { Me } from "./api/types";
import { t, tx } from "./messages";
import { useAction } from "./resource";
import { currentLocation } from "./router";
import { may, signOut } from "./session";
import { ThemeButton } from "./theme_button";

const PLACES: readonly (readonly [text: string, address: string, operation: string])[] = [
  [t("Models"), "/models", "list_models"],
  [t("Reviews"), "/reviews", "list_reviews"],
  [t("Decisions"), "/predictions", "list_predictions"],
  [t("Datasets"), "/datasets", "list_datasets"],
  [t("Training jobs"), "/training-jobs", "list_training_jobs"],
  [t("Audit trail"), "/audit", "list_audit_events"],
  [t("People"), "/people", "list_users"],
  [t("API keys"), "/api-keys", "list_api_keys"],
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
        {tx("{0}Edgewise", <img src="/favicon.svg" alt="" width="26" height="26" />)}
      </a>
      <button type="button" class="button menu-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("Menu")}
      </button>
      <div class={open ? "bar-content open" : "bar-content"}>
        <nav aria-label={t("Main")}>
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
            {t("Sign out")}
          </button>
        </div>
      </div>
    </header>
  );
}
