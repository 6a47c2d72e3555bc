// Changing a whole version: fewer edges, or a finer grid.
import { useState } from "preact/hooks";

import type { Change } from "../api/types";
import { Dialog } from "../components/dialog";
import { SelectField, TextField } from "../components/field";
import { t } from "../messages";
import { Preview } from "./preview";
import { PruneTradeoff } from "./prune_tradeoff";
import { RevisionForm } from "./submit";

interface NetworkRevisionProps {
  model: string;
  version: number;
  /** How many edges there are now. */
  active: number;
  onClose: () => void;
}

export function NetworkRevision({ model, version, active, onClose }: NetworkRevisionProps) {
  const [operation, setOperation] = useState("prune");
  const [tolerance, setTolerance] = useState("0.01");
  const [edges, setEdges] = useState("");
  const [gridSize, setGridSize] = useState("");
  const [previewed, setPreviewed] = useState<Change | null>(null);
  const change = drafted(operation, tolerance, edges, gridSize);
  const isShown = previewed !== null && JSON.stringify(previewed) === JSON.stringify(change);
  return (
    <Dialog title={t("Prune or refine version {0}", version)} onClose={onClose}>
      <RevisionForm model={model} version={version} changes={change ? [change] : []} cancel={onClose}>
        <SelectField
          label={t("Change")}
          value={operation}
          onValue={setOperation}
          options={[
            ["prune", t("Prune: fewer edges")],
            ["refine", t("Refine: more spline intervals")],
          ]}
        />
        {operation === "prune" ? (
          <>
            <TextField
              label={t("Tolerance")}
              hint={t("Share of what the model explains beyond a constant that may be lost.")}
              value={tolerance}
              onValue={setTolerance}
              input={{ type: "number", min: 0, max: 0.99, step: "any", required: true }}
            />
            <PruneTradeoff {...{ model, version, active, edges }} onEdges={setEdges} />
          </>
        ) : (
          <TextField
            label={t("Spline intervals")}
            hint={t("A multiple of the present number, which every spline edge shows.")}
            value={gridSize}
            onValue={setGridSize}
            input={{ type: "number", min: 2, max: 200, step: 1, required: true }}
          />
        )}
        <button type="button" class="button" disabled={!change} onClick={() => setPreviewed(change)}>
          {t("Preview")}
        </button>
        {isShown && <Preview key={JSON.stringify(change)} model={model} version={version} changes={[previewed]} />}
      </RevisionForm>
    </Dialog>
  );
}

function drafted(operation: string, tolerance: string, edges: string, gridSize: string): Change | null {
  if (operation === "refine") return gridSize ? { operation: "refine", grid_size: Number(gridSize) } : null;
  if (!tolerance) return null;
  return { operation: "prune", tolerance: Number(tolerance), maximum_edges: edges ? Number(edges) : null };
}
