// What is far down a page: shown once what stands above it is there and the browser has nothing better to do.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Placeholder } from "./loaded";

/** Milliseconds after which it is shown however busy the browser is. */
const PATIENCE = 2000;

/** Not every browser tells when it is idle. */
const whenIdle = (act: () => void): (() => void) => {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(act, 50);
    return () => clearTimeout(timer);
  }
  const request = requestIdleCallback(act, { timeout: PATIENCE });
  return () => cancelIdleCallback(request);
};

interface LaterProps {
  /** What stands above is there, or will not come. */
  isNext: boolean;
  rows: number;
  children: ComponentChildren;
}

export function Later({ isNext, rows, children }: LaterProps) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isNext || isShown) return undefined;
    return whenIdle(() => setShown(true));
  }, [isNext]);
  return isShown ? <>{children}</> : <Placeholder rows={rows} />;
}
