// Where the aliases of a model pointed at a moment, by the reader's clock.
import { listAliasHistory } from "./api/operations";
import type { AliasMove } from "./api/types";
import { Field } from "./components/field";
import { Loaded } from "./components/loaded";
import { Facts } from "./components/page";
import { moment } from "./format";
import { t, tx } from "./messages";
import { useResource } from "./resource";
import { address, currentLocation, setQuery } from "./router";
import { zoneName } from "./time";

const ALIASES = ["champion", "challenger"] as const;

export function AliasesAt({ model }: { model: string }) {
  const local = currentLocation.value.query.get("at") ?? "";
  const at = new Date(local);
  const isMoment = local !== "" && !Number.isNaN(at.getTime());
  return (
    <details class="card" open={isMoment}>
      <summary>{t("Who was in use at a moment?")}</summary>
      <Field
        label={t("Moment")}
        hint={t("By your clock, {0}.", zoneName(isMoment ? at : new Date()))}
      >
        {(tie) => (
          <input
            {...tie}
            type="datetime-local"
            class="moment"
            value={local}
            onInput={(event) => setQuery({ at: event.currentTarget.value || null })}
          />
        )}
      </Field>
      {isMoment && <Answer key={local} model={model} at={at.toISOString()} />}
    </details>
  );
}

function Answer({ model, at }: { model: string; at: string }) {
  const histories = useResource(`${model}/${at}`, (signal) =>
    Promise.all(ALIASES.map((alias) => listAliasHistory(model, alias, at, signal))),
  );
  return (
    <div role="status" class="as-of-answer">
      <Loaded resource={histories} rows={1}>
        {(found) => (
          <Facts
            facts={ALIASES.map((alias, index) => [
              `${alias} at ${moment(at)}`,
              <InForce model={model} move={found[index]?.items[0]} />,
            ])}
          />
        )}
      </Loaded>
    </div>
  );
}

function InForce({ model, move }: { model: string; move: AliasMove | undefined }) {
  if (!move) return <>{t("nothing")}</>;
  return (
    <>
      {tx(
        "{0}, since {1} by {2}",
        <a href={address`/models/${model}/versions/${move.version}`}>{tx("Version {0}", move.version)}</a>,
        moment(move.moved_at),
        move.moved_by,
      )}
    </>
  );
}
