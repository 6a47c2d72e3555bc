// A formula in MathML: selectable, readable aloud, and drawn without fonts or styles of our own.
import { useEffect, useRef } from "preact/hooks";
import { t } from "../messages";

/** KaTeX is as heavy as everything else together, so it comes with the first formula. */
const load = () => import("katex");

export function FormulaView({ latex, text }: { latex: string; text: string }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let isWanted = true;
    load().then(
      ({ default: katex }) => {
        if (!isWanted || !element.current) return;
        try {
          katex.render(latex, element.current, {
            output: "mathml",
            displayMode: true,
            throwOnError: true,
            strict: "ignore",
          });
        } catch (error) {
          if (!(error instanceof katex.ParseError)) throw error;
          // A formula that cannot be set is shown as it is written.
          element.current.textContent = text;
        }
      },
      () => {
        if (isWanted && element.current) element.current.textContent = text;
      },
    );
    return () => {
      isWanted = false;
    };
  }, [latex, text]);
  return <div class="formula" ref={element} tabIndex={0} role="group" aria-label={t("Formula: {0}", text)} />;
}
