import { PageFrame } from "../components/page";

export function NotFoundPage() {
  return (
    <PageFrame title="There is no such page" lead="The address may be mistyped, or the page was moved.">
      <p>
        <a href="/models">Go to the models</a>
      </p>
    </PageFrame>
  );
}
