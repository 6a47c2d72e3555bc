// A labelled form control with its hint, and with the server's message right at it.
import type { ComponentChildren, JSX, TargetedInputEvent } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  label: ComponentChildren;
  hint?: ComponentChildren;
  error?: string | undefined;
}

interface Described {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": "true" | undefined;
}

/** The frame of a control: `children` receives what ties the control to its texts. */
export function Field({
  label,
  hint,
  error,
  children,
}: FieldProps & { children: (tie: Described) => JSX.Element }) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div class={error ? "field field-wrong" : "field"}>
      <label for={id}>{label}</label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": error ? "true" : undefined,
      })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

interface InputAttributes {
  type?: "text" | "number";
  required?: boolean;
  pattern?: string;
  maxLength?: number;
  min?: number;
  max?: number;
  step?: number | "any";
  inputMode?: "numeric";
  autocomplete?: "username" | "one-time-code";
  autocapitalize?: "none";
  spellcheck?: boolean;
}

interface TextFieldProps extends FieldProps {
  value: string;
  onValue: (value: string) => void;
  input?: InputAttributes;
}

export function TextField({ value, onValue, input = {}, ...field }: TextFieldProps) {
  const { type = "text", ...attributes } = input;
  const onInput = (event: TargetedInputEvent<HTMLInputElement>): void => onValue(event.currentTarget.value);
  return (
    <Field {...field}>
      {(tie) => {
        const shared = { ...attributes, ...tie, value, onInput };
        // Two elements, as the types allow other attributes for each kind.
        return type === "number" ? <input type="number" {...shared} /> : <input type="text" {...shared} />;
      }}
    </Field>
  );
}

/** The password of the person at the screen. */
export function PasswordField({ value, onValue, ...field }: Omit<TextFieldProps, "input">) {
  return (
    <Field {...field}>
      {(tie) => (
        <input
          {...tie}
          type="password"
          autocomplete="current-password"
          required
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface TextAreaProps extends FieldProps {
  value: string;
  onValue: (value: string) => void;
  rows?: number;
  required?: boolean;
  inputRef?: { current: HTMLTextAreaElement | null };
}

export function TextArea({ value, onValue, rows = 3, required = false, inputRef, ...field }: TextAreaProps) {
  return (
    <Field {...field}>
      {(tie) => (
        <textarea
          {...tie}
          ref={inputRef ?? null}
          rows={rows}
          required={required}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface SelectFieldProps extends FieldProps {
  value: string;
  onValue: (value: string) => void;
  options: readonly (readonly [value: string, text: string])[];
  required?: boolean;
}

export function SelectField({ value, onValue, options, required = false, ...field }: SelectFieldProps) {
  return (
    <Field {...field}>
      {(tie) => (
        <select
          {...tie}
          value={value}
          required={required}
          onChange={(event) => onValue(event.currentTarget.value)}
        >
          {options.map(([option, text]) => (
            <option value={option} key={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
