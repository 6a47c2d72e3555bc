// The reason codes of a model: what each feature is called when it speaks against a person, and what lacks words.
import { useState } from "preact/hooks";

import { getModel, getReasonCoverage, getReasonDictionary, putReasonDictionary } from "../api/operations";
import type { Model, ReasonCoverage, ReasonDictionary, ReasonEntry } from "../api/types";
import { TextField } from "../components/field";
import { Form } from "../components/form";
import { Loaded } from "../components/loaded";
import { PageFrame, Section } from "../components/page";
import { Table, type Column } from "../components/table";
import { moment } from "../format";
import { t, tx } from "../messages";
import { CoverageNote } from "../reasons/coverage";
import { draftOf, requestOf, withChange, withEntry, withLocale, without, type Draft } from "../reasons/draft";
import { EntryFields, SITUATIONS } from "../reasons/entry_fields";
import { useAction, useResource } from "../resource";
import { address, currentLocation } from "../router";
import { may } from "../session";

export function ReasonDictionaryPage({ model: name }: { model: string }) {
  const model = useResource(name, (signal) => getModel(name, signal));
  return (
    <PageFrame
      title={t("Reason dictionary")}
      trail={[
        [t("Models"), "/models"],
        [name, address`/models/${name}`],
      ]}
      lead={t(
        "What a person is told when a feature speaks against them. A change is a new revision; decisions keep the words that they were made with.",
      )}
    >
      <Loaded resource={model} rows={8}>
        {(data) => <Contents model={data} />}
      </Loaded>
    </PageFrame>
  );
}

function Contents({ model }: { model: Model }) {
  const asked = currentLocation.value.query.get("version");
  const version = asked ?? model.champion ?? model.latest_version;
  const both = useResource(`${model.name}/${version}`, (signal) =>
    Promise.all([
      getReasonDictionary(model.name, signal),
      version === null ? null : getReasonCoverage(model.name, version, signal),
    ]),
  );
  return (
    <Loaded resource={both} rows={8}>
      {([dictionary, coverage]) =>
        may("put_reason_dictionary") ? (
          <Editor key={dictionary.etag} {...{ dictionary, coverage }} onSaved={both.reload} />
        ) : (
          <Reading {...{ dictionary, coverage }} />
        )
      }
    </Loaded>
  );
}

interface ContentsProps {
  dictionary: ReasonDictionary;
  coverage: ReasonCoverage | null;
}

function Revision({ dictionary }: { dictionary: ReasonDictionary }) {
  if (dictionary.revision === null) return <p class="hint">{t("There is no revision yet.")}</p>;
  return (
    <p class="hint">
      {tx(
        "Revision {0}, {1} by {2}.",
        dictionary.revision,
        moment(dictionary.created_at),
        dictionary.created_by,
      )}
    </p>
  );
}

const COLUMNS: readonly Column<ReasonEntry>[] = [
  { title: t("Code"), cell: (entry) => <code>{entry.code}</code> },
  { title: t("Features"), cell: (entry) => entry.features.join(" + ") },
  { title: t("When it"), cell: (entry) => SITUATIONS.find(([when]) => when === entry.when)?.[1] },
  {
    title: t("Texts"),
    cell: (entry) => (
      <ul class="plain">
        {Object.entries(entry.texts).map(([locale, text]) => (
          <li key={locale}>
            {locale}: {text}
          </li>
        ))}
      </ul>
    ),
  },
];

function Reading({ dictionary, coverage }: ContentsProps) {
  return (
    <>
      {coverage && <CoverageNote coverage={coverage} onAdd={undefined} />}
      <Section title={t("Reasons")}>
        <Revision dictionary={dictionary} />
        <Table
          caption={t("Reasons")}
          columns={COLUMNS}
          rows={dictionary.entries}
          rowKey={(entry) => `${entry.features.join("/")} ${entry.when}`}
        />
      </Section>
    </>
  );
}

function Editor({ dictionary, coverage, onSaved }: ContentsProps & { onSaved: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(dictionary));
  const [locale, setLocale] = useState("");
  const save = useAction(async () => {
    await putReasonDictionary(dictionary.model, dictionary.etag, requestOf(draft));
    onSaved();
  });
  const known = [
    ...new Set([...(coverage?.scored ?? []).map(({ name }) => name), ...draft.entries.flatMap((e) => e.features)]),
  ];
  const shownAt = draft.entries.flatMap((_, position) =>
    ["features", "when", "code", ...draft.locales.map((one) => `texts/${one}`)].map(
      (field) => `/entries/${position}/${field}`,
    ),
  );
  return (
    <>
      {coverage && (
        <CoverageNote
          coverage={coverage}
          onAdd={(feature, when) => setDraft((old) => withEntry(old, feature, when))}
        />
      )}
      <Section title={t("Reasons")}>
        <Revision dictionary={dictionary} />
        <Form action={save} shownAt={shownAt} submit={t("Save as a new revision")} busy={t("Saving…")}>
          {draft.entries.map((entry, position) => (
            <EntryFields
              key={entry.key}
              {...{ entry, position, known, locales: draft.locales, problem: save.problem }}
              onChange={(change) => setDraft((old) => withChange(old, entry.key, change))}
              onRemove={() => setDraft((old) => without(old, entry.key))}
            />
          ))}
          <TextField
            label={t("Another language")}
            hint={t("Such as de or es-US; every reason then needs a text in it.")}
            value={locale}
            onValue={setLocale}
            input={{ pattern: "[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", spellcheck: false }}
          />
          <button
            type="button"
            class="button"
            disabled={locale === ""}
            onClick={() => {
              setDraft((old) => withLocale(old, locale));
              setLocale("");
            }}
          >
            {t("Add the language")}
          </button>
        </Form>
      </Section>
    </>
  );
}
