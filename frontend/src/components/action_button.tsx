// A button that does one thing: busy while it runs, its problem beside it.
import { useAction } from "../resource";
import { ProblemNote } from "./problem";

interface ActionButtonProps {
  text: string;
  busy: string;
  tone?: "primary" | "danger";
  act: () => Promise<unknown>;
}

export function ActionButton({ text, busy, tone, act }: ActionButtonProps) {
  const action = useAction(async () => {
    await act();
  });
  return (
    <>
      <button
        type="button"
        class={tone ? `button ${tone}` : "button"}
        disabled={action.busy}
        onClick={() => void action.run()}
      >
        {action.busy ? busy : text}
      </button>
      {action.problem && <ProblemNote problem={action.problem} />}
    </>
  );
}
