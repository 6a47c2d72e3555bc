// Where a model's aliases point, and the dialog that moves one: to an approved version only.
import { useState } from "preact/hooks";

import { Problem } from "./api/client";
import { getAlias, listAliasHistory, moveAlias, rollBackAlias } from "./api/operations";
import type { Alias } from "./api/types";
import { AliasBadge } from "./components/badge";
import { Dialog } from "./components/dialog";
import { SelectField } from "./components/field";
import { Form } from "./components/form";
import { Loaded } from "./components/loaded";
import { ProblemNote } from "./components/problem";
import { Table, type Column } from "./components/table";
import { moment } from "./format";
import { t, tx } from "./messages";
import { useAction, useResource } from "./resource";
import { address } from "./router";
import { may } from "./session";

const ALIASES = ["champion", "challenger"] as const;

interface AliasTableProps {
  model: string;
  /** Numbers of the approved versions. */
  approved: readonly number[];
  onMoved: () => void;
}

export function AliasTable({ model, approved, onMoved }: AliasTableProps) {
  const [moving, setMoving] = useState<Alias | null>(null);
  const aliases = useResource(model, (signal) =>
    Promise.all(ALIASES.map((alias) => getAlias(model, alias, signal))),
  );
  return (
    <Loaded resource={aliases} rows={2}>
      {(rows) => (
        <>
          <Table
            caption={t("Aliases")}
            rows={rows}
            rowKey={(row) => row.alias}
            columns={columnsFor(model, setMoving, () => {
              aliases.reload();
              onMoved();
            })}
          />
          {moving && (
            <MoveDialog
              alias={moving}
              approved={approved}
              onClose={() => setMoving(null)}
              onStale={aliases.reload}
              onMoved={() => {
                setMoving(null);
                aliases.reload();
                onMoved();
              }}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

function columnsFor(
  model: string,
  onMove: (alias: Alias) => void,
  onRolledBack: () => void,
): Column<Alias>[] {
  const columns: Column<Alias>[] = [
    { title: t("Alias"), cell: (row) => <AliasBadge alias={row.alias} /> },
    {
      title: t("Points to"),
      cell: (row) =>
        row.version === null ? (
          <span class="hint">{t("nothing")}</span>
        ) : (
          <a href={address`/models/${model}/versions/${row.version}`}>{tx("Version {0}", row.version)}</a>
        ),
    },
    { title: t("Moved"), cell: (row) => moment(row.moved_at) },
    { title: t("By"), cell: (row) => row.moved_by ?? "–" },
    { title: t("History"), cell: (row) => <AliasHistory key={row.etag} model={model} alias={row.alias} /> },
  ];
  if (!may("move_alias")) return columns;
  const move = (row: Alias) => (
    <>
      <button type="button" class="button" onClick={() => onMove(row)}>{tx("Move {0}", row.alias)}</button>
      {row.version !== null && <RollBack alias={row} onDone={onRolledBack} />}
    </>
  );
  return [...columns, { title: t("Action"), cell: move }];
}

/** Back to the version before, in one step. */
function RollBack({ alias, onDone }: { alias: Alias; onDone: () => void }) {
  const back = useAction(async () => {
    await rollBackAlias(alias.model, alias.alias, alias.etag);
    onDone();
  });
  return (
    <>
      <button type="button" class="button" disabled={back.busy} onClick={() => void back.run()}>
        {tx("Roll {0} back", alias.alias)}
      </button>
      {back.problem && <ProblemNote problem={back.problem} />}
    </>
  );
}

function AliasHistory({ model, alias }: { model: string; alias: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("Show")}</summary>
      {open && <AliasEvents model={model} alias={alias} />}
    </details>
  );
}

function AliasEvents({ model, alias }: { model: string; alias: string }) {
  const events = useResource(`${model}/${alias}`, (signal) => listAliasHistory(model, alias, null, signal));
  return (
    <Loaded resource={events} rows={1}>
      {({ items }) =>
        items.length === 0 ? (
          <p class="hint">{t("It has never pointed anywhere.")}</p>
        ) : (
          <ul class="plain">
            {items.map((event) => (
              <li key={event.moved_at}>
                {tx(
                  "{0}: {1}, by {2}",
                  moment(event.moved_at),
                  event.version === null ? "nothing" : t("version {0}", event.version),
                  event.moved_by,
                )}
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

interface MoveDialogProps {
  alias: Alias;
  approved: readonly number[];
  onClose: () => void;
  onStale: () => void;
  onMoved: () => void;
}

function MoveDialog({ alias, approved, onClose, onStale, onMoved }: MoveDialogProps) {
  const choices = approved.filter((version) => version !== alias.version);
  const [version, setVersion] = useState(String(choices[0] ?? ""));
  const move = useAction(async () => {
    try {
      await moveAlias(alias.model, alias.alias, alias.etag, Number(version));
    } catch (error) {
      if (error instanceof Problem && error.status === 412) onStale();
      throw error;
    }
    onMoved();
  });
  return (
    <Dialog title={t("Move {0}", alias.alias)} onClose={onClose}>
      <Form
        action={move}
        shownAt={["/version"]}
        submit={t("Move {0}", alias.alias)}
        busy={t("Moving…")}
        disabled={choices.length === 0}
        cancel={onClose}
      >
        {move.problem?.status === 412 && (
          <p class="note note-warn">
            {t("Somebody moved this alias meanwhile. Close this dialog: the table already shows where it points now.")}
          </p>
        )}
        <p>
          {tx(
            "{0} Callers get the new version at once, and the move is written to the audit trail.",
            alias.version === null
            ? t("\"{0}\" points to nothing now.", alias.alias)
            : t("\"{0}\" points to version {1} now.", alias.alias, alias.version),
          )}
        </p>
        {choices.length === 0 ? (
          <p class="note note-warn">{t("There is no other approved version that it could point to.")}</p>
        ) : (
          <SelectField
            label={t("New version")}
            value={version}
            onValue={setVersion}
            options={choices.map((choice) => [String(choice), t("Version {0} (approved)", choice)])}
            error={move.problem?.at("/version")}
          />
        )}
      </Form>
    </Dialog>
  );
}
