import { PageFrame } from "../components/page";
import { t } from "../messages";

export function NotFoundPage() {
  return (
    <PageFrame title={t("There is no such page")} lead={t("The address may be mistyped, or the page was moved.")}>
      <p>
        <a href="/models">{t("Go to the models")}</a>
      </p>
    </PageFrame>
  );
}
