// Buttons that move the picture; the same by Ctrl and wheel, by pinch, and by the keys + − 0.
import { t } from "../messages";
import type { CameraControl } from "./camera_control";

const TOOLS = [
  ["larger", t("Larger (key +)"), "M8 3v10M3 8h10"],
  ["smaller", t("Smaller (key −)"), "M3 8h10"],
  ["all", t("Show all of it (key 0)"), "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3"],
] as const;

export function DiagramTools({ camera }: { camera: { readonly current: CameraControl | null } }) {
  return (
    <div class="diagram-tools" role="group" aria-label={t("Size of the diagram")}>
      {TOOLS.map(([act, label, drawing]) => (
        <button
          type="button"
          key={act}
          class="icon-button"
          aria-label={label}
          title={label}
          onClick={() => camera.current?.[act]()}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.6" aria-hidden="true">
            <path d={drawing} />
          </svg>
        </button>
      ))}
    </div>
  );
}
