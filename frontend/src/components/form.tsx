// A form: what was refused on top, the fields, the button that sends it once, the way out.
import type { ComponentChildren } from "preact";

import { t } from "../messages";
import type { Action } from "../resource";
import { ProblemNote } from "./problem";

interface FormProps {
  action: Action<[]>;
  /** Fields that show their own message. */
  shownAt?: readonly string[];
  submit: string;
  /** The button while it works. */
  busy: string;
  disabled?: boolean;
  /** An address to leave to, or what closes the dialog. */
  cancel?: string | (() => void);
  /** More buttons. */
  more?: ComponentChildren;
  card?: boolean;
  children: ComponentChildren;
}

export function Form({ action, shownAt = [], card = false, children, ...buttons }: FormProps) {
  return (
    <form
      class={card ? "form card" : "form"}
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      {action.problem && <ProblemNote problem={action.problem} shownAt={shownAt} />}
      {children}
      <FormButtons isBusy={action.busy} {...buttons} />
    </form>
  );
}

type FormButtonsProps = Pick<FormProps, "submit" | "busy" | "disabled" | "cancel" | "more"> & {
  isBusy: boolean;
};

function FormButtons({ isBusy, submit, busy, disabled = false, cancel, more }: FormButtonsProps) {
  return (
    <div class="form-actions">
      <button type="submit" class="button primary" disabled={isBusy || disabled}>
        {isBusy ? busy : submit}
      </button>
      {more}
      {typeof cancel === "string" && (
        <a class="button" href={cancel}>
          {t("Cancel")}
        </a>
      )}
      {typeof cancel === "function" && (
        <button type="button" class="button" onClick={cancel}>
          {t("Cancel")}
        </button>
      )}
    </div>
  );
}
