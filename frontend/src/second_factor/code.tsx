// The code of a second factor: asked for once the server says that there is one.
import { useState } from "preact/hooks";

import { Problem } from "../api/client";
import { TextField } from "../components/field";
import { t } from "../messages";

const ASKING = new Set(["second_factor_required", "second_factor_refused"]);

export interface AskedCode {
  readonly value: string;
  readonly set: (value: string) => void;
  readonly isAsked: boolean;
  /** Do something with the code, null where it was not asked for yet. */
  readonly use: (act: (code: string | null) => Promise<void>) => Promise<void>;
}

export function useCode(): AskedCode {
  const [value, set] = useState("");
  const [isAsked, setAsked] = useState(false);
  const use = async (act: (code: string | null) => Promise<void>): Promise<void> => {
    try {
      await act(isAsked ? value : null);
    } catch (error) {
      if (error instanceof Problem && ASKING.has(error.code)) {
        setAsked(true);
        set("");
      }
      throw error;
    }
  };
  return { value, set, isAsked, use };
}

interface CodeFieldProps {
  value: string;
  onValue: (value: string) => void;
  error: string | undefined;
}

export function CodeField({ value, onValue, error }: CodeFieldProps) {
  return (
    <TextField
      label={t("Code")}
      hint={t("Six digits from your authenticator, or a recovery code.")}
      value={value}
      onValue={onValue}
      error={error}
      input={{ autocomplete: "one-time-code", required: true, maxLength: 50, spellcheck: false }}
    />
  );
}
