// The texts that every page shares, by what they say: a translation is one more object of this shape.

const EN = {
  cancel: "Cancel",
  close: "Close",
  copied: "Copied.",
  copyingRefused: "The browser did not allow copying.",
  loading: "Loading…",
  more: "Show more",
  noAnswer: "The service did not answer. Check that it runs and that you are connected, then try again.",
  numbersOfChart: "Numbers of this chart",
  retry: "Try again",
  unexplained: (status: number) => `The service answered ${status} without saying why.`,
};

export type Messages = typeof EN;

const LANGUAGES: Readonly<Record<string, Messages>> = { en: EN };

/** The texts in the language of the document, or in English. */
export const messages: Messages = LANGUAGES[globalThis.document?.documentElement.lang ?? "en"] ?? EN;
