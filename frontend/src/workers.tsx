// Who computes the jobs: the workers that the service knows, and when each was seen last.
import { listWorkers } from "./api/operations";
import { Loaded } from "./components/loaded";
import { Section } from "./components/page";
import { Table } from "./components/table";
import { moment } from "./format";
import { t } from "./messages";
import { useResource } from "./resource";

export function Workers() {
  const workers = useResource("workers", listWorkers);
  return (
    <Section title={t("Workers")}>
      <Loaded resource={workers} rows={2}>
        {(items) =>
          items.length === 0 ? (
            <div class="empty">{t("No worker has ever run: jobs wait until one is started.")}</div>
          ) : (
            <Table
              caption={t("Workers")}
              rows={items}
              rowKey={(worker) => worker.name}
              columns={[
                { title: t("Name"), cell: (worker) => worker.name },
                { title: t("Host"), cell: (worker) => worker.host },
                { title: t("Release"), cell: (worker) => worker.release },
                { title: t("Started"), cell: (worker) => moment(worker.started_at) },
                { title: t("Seen last"), cell: (worker) => moment(worker.seen_at) },
                {
                  title: t("State"),
                  cell: (worker) =>
                    worker.stopped_at === null ? (
                      <span class="badge badge-good">{t("running")}</span>
                    ) : (
                      <span class="badge">{t("stopped")}</span>
                    ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  );
}
