// All words of this service and what they mean.
import { PageFrame } from "../components/page";
import { t } from "../messages";
import { GLOSSARY } from "../terms/glossary";

export function GlossaryPage() {
  return (
    <PageFrame title={t("Glossary")} lead={t("The words of this service, in plain language.")}>
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
