// What a dataset's columns mean, while it is being changed: only what differs is sent.
import type { Dataset, Direction, Feature, SchemaOverrides } from "./api/types";

/** A column as the editor holds it: empty texts for nothing said. */
export interface ColumnDraft {
  readonly unit: string;
  readonly description: string;
  readonly monotone: Direction | "";
  readonly protected: boolean;
  readonly changeable: boolean;
}

export interface SchemaDraft {
  readonly target: string;
  readonly columns: Readonly<Record<string, ColumnDraft>>;
}

export function schemaDraftOf({ feature_schema: schema }: Pick<Dataset, "feature_schema">): SchemaDraft {
  return {
    target: schema.target ?? "",
    columns: Object.fromEntries(schema.features.map((feature) => [feature.name, columnOf(feature)])),
  };
}

function columnOf(feature: Feature): ColumnDraft {
  return {
    unit: feature.unit ?? "",
    description: feature.description ?? "",
    monotone: feature.monotone ?? "",
    protected: feature.protected ?? false,
    changeable: feature.changeable ?? true,
  };
}

export function withColumn(draft: SchemaDraft, name: string, changes: Partial<ColumnDraft>): SchemaDraft {
  const old = draft.columns[name];
  return old ? { ...draft, columns: { ...draft.columns, [name]: { ...old, ...changes } } } : draft;
}

/** What the draft says otherwise than the dataset; null takes a description back. */
export function schemaChanges(dataset: Pick<Dataset, "feature_schema">, draft: SchemaDraft): SchemaOverrides {
  const before = schemaDraftOf(dataset);
  const features: NonNullable<SchemaOverrides["features"]> = {};
  for (const [name, column] of Object.entries(draft.columns)) {
    const change = columnChanges(before.columns[name], column);
    if (Object.keys(change).length > 0) features[name] = change;
  }
  return {
    ...(draft.target === before.target ? {} : { target: draft.target || null }),
    features,
  };
}

function columnChanges(before: ColumnDraft | undefined, now: ColumnDraft) {
  return {
    ...(now.unit.trim() === before?.unit ? {} : { unit: now.unit.trim() || null }),
    ...(now.description.trim() === before?.description ? {} : { description: now.description.trim() || null }),
    ...(now.monotone === before?.monotone ? {} : { monotone: now.monotone || null }),
    ...(now.protected === before?.protected ? {} : { protected: now.protected }),
    ...(now.changeable === before?.changeable ? {} : { changeable: now.changeable }),
  };
}

/** How many columns and settings differ. */
export function changeCount({ target, features }: SchemaOverrides): number {
  return (target === undefined ? 0 : 1) + Object.keys(features ?? {}).length;
}
