// All words of this service and what they mean.
import { PageFrame } from "../components/page";
import { GLOSSARY } from "../terms/glossary";

export function GlossaryPage() {
  return (
    <PageFrame title="Glossary" lead="The words of this service, in plain language.">
      <dl class="glossary card">
        {Object.entries(GLOSSARY).map(([name, meaning]) => (
          <div key={name} id={name.replaceAll(" ", "-")}>
            <dt>{name}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </PageFrame>
  );
}
