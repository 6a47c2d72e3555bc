// A word with its meaning: on hover, on focus, on touch, and for screen readers as its description.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

import { GLOSSARY, type TermName } from "./glossary";

interface TermProps {
  name: TermName;
  /** Other words for it in a sentence. */
  children?: ComponentChildren;
}

export function Term({ name, children }: TermProps) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  return (
    <span class="term-place">
      <button
        type="button"
        class="term"
        aria-describedby={id}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
      >
        {children ?? name}
      </button>
      <span role="tooltip" id={id} class={isOpen ? "meaning open" : "meaning"}>
        {GLOSSARY[name]}
      </span>
    </span>
  );
}
