// A review: the network with a decision for every edge, and the signature under the whole.
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import { compareVersions, decideEdge, evidenceAddress, getNetwork, getReview } from "../api/operations";
import { Problem } from "../api/client";
import type { Decision, Network, Review, ReviewEdge, VersionComparison } from "../api/types";
import { changedEdges, SideBySide, walksChanges } from "../beside/side_by_side";
import { nextEdge } from "../beside/walk";
import { StateBadge } from "../components/badge";
import { Digest } from "../components/digest";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { moment } from "../format";
import { t, tx } from "../messages";
import { DecisionForm } from "../review/decision_form";
import { DecisionsTable } from "../review/decisions_table";
import { Changes, Gates } from "../review/gates";
import { OpenPoints } from "../review/open_points";
import { ReviewBar } from "../review/review_bar";
import { onShortcut } from "../review/shortcuts";
import { Signatures } from "../review/signatures";
import { SignDialog } from "../review/sign_dialog";
import { NetworkExplorer, selectEdge, selectedEdge } from "../network/explorer";
import { useResource, type Resource } from "../resource";
import { address } from "../router";

export function ReviewPage({ id }: { id: string }) {
  const review = useResource(id, (signal) => getReview(id, signal));
  const data = review.data;
  useReturn(review.reload);
  return (
    <PageFrame
      wide
      title={data ? t("Review of {0}, version {1}", data.model, data.version) : t("Review")}
      trail={[[t("Reviews"), "/reviews"]]}
      badges={data && <StateBadge state={data.state} />}
    >
      <Loaded resource={review} rows={4}>
        {(loaded) => <ReviewDetails review={loaded} resource={review} />}
      </Loaded>
    </PageFrame>
  );
}

/** Others decide too: whoever comes back to the page sees how it stands now. */
function useReturn(reload: () => void): void {
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [reload]);
}

function ReviewDetails({ review, resource }: { review: Review; resource: Resource<Review> }) {
  const network = useResource(`${review.model}/${review.version}`, (signal) =>
    getNetwork(review.model, review.version, signal),
  );
  const [signing, setSigning] = useState(false);
  return (
    <>
      <ReviewFacts review={review} />
      <ReviewBar review={review} onSign={() => setSigning(true)} onEnded={resource.replace} />
      {review.state === "open" && <Gates review={review} />}
      <Changes review={review} />
      <Section title={t("Edges")}>
        <Loaded resource={network} rows={12}>
          {(data) => <ReviewedNetwork review={review} resource={resource} network={data} />}
        </Loaded>
      </Section>
      <Section
        title={t("Signatures")}
        actions={
          review.signatures.length > 0 && (
            <a class="button" href={evidenceAddress(review.model, review.version)} download>
              {t("Evidence package")}
            </a>
          )
        }
      >
        <Signatures review={review} />
      </Section>
      {signing && (
        <SignDialog
          review={review}
          onClose={() => setSigning(false)}
          onStale={resource.reload}
          onSigned={(signed) => {
            setSigning(false);
            resource.replace(signed);
          }}
        />
      )}
    </>
  );
}

function ReviewFacts({ review }: { review: Review }) {
  const version = (
    <a href={address`/models/${review.model}/versions/${review.version}`}>
      {tx("{0}, version {1}", review.model, review.version)}
    </a>
  );
  return (
    <div class="card">
      <Facts
        facts={[
          [t("Version"), version],
          [t("Submitted"), `${moment(review.submitted_at)} by ${review.submitted_by}`],
          [t("Artifact"), <Digest digest={review.artifact_digest} label={t("digest of the artifact")} />],
          [t("Summary"), review.summary],
          [
            t("Approved last"),
            review.compared_with === null ? (
              t("no version before it")
            ) : (
              <a href={address`/models/${review.model}/versions/${review.compared_with}/compare/${review.version}`}>
                {tx("Side by side with version {0}", review.compared_with)}
              </a>
            ),
          ],
          [t("Round"), String(review.round)],
          ...(review.closing_reason === null ? [] : [[t("Why it ended"), review.closing_reason] as const]),
        ]}
      />
    </div>
  );
}

interface ReviewedNetworkProps {
  review: Review;
  resource: Resource<Review>;
  network: Network;
}

function ReviewedNetwork({ review, resource, network }: ReviewedNetworkProps) {
  const decisions = new Map(review.edges.map((edge) => [edge.edge, edge.decision]));
  const selected = selectedEdge(network);
  const comparison = useComparison(review);
  const only = walksChanges() ? changedEdges(comparison.data) : null;

  const goOn = (): void => selectEdge(nextEdge(network, review, selected, 1, only));
  const goBack = (): void => selectEdge(nextEdge(network, review, selected, -1, only));

  useLayoutEffect(() => onShortcut({ n: goOn, p: goBack }), [network, review, selected, only]);

  const decide = async (edge: ReviewEdge, decision: Decision, comment: string): Promise<void> => {
    try {
      await decideEdge(review.id, edge.edge, edge.etag, { decision, comment });
    } catch (error) {
      // Somebody else decided meanwhile (412), or the review was closed (409): show how it stands now.
      if (error instanceof Problem && (error.status === 412 || error.status === 409)) resource.reload();
      throw error;
    }
    resource.reload();
  };

  return (
    <>
      <OpenPoints review={review} network={network} onSelect={selectEdge} />
      {review.may_decide && <Shortcuts />}
      <NetworkExplorer
        model={review.model}
        version={review.version}
        network={network}
        decisions={decisions}
        beside={
          review.compared_with !== null && (
            <SideBySide review={review} comparison={comparison} selected={selected} onSelect={selectEdge} />
          )
        }
        decide={(name) => {
          const edge = review.edges.find((item) => item.edge === name);
          if (!edge) return null;
          const moves = { onPrevious: goBack, onNext: goOn };
          return (
            <DecisionForm key={name} edge={edge} mayDecide={review.may_decide} decide={decide} {...moves} />
          );
        }}
      />
      <h3>{t("All decisions")}</h3>
      <DecisionsTable review={review} network={network} onSelect={selectEdge} />
    </>
  );
}

/** The version beside the one that was approved last; null where it is the first. */
function useComparison({ model, version, compared_with }: Review): Resource<VersionComparison | null> {
  return useResource(`${model}/${compared_with}/${version}`, async (signal) =>
    compared_with === null ? null : compareVersions(model, compared_with, version, signal),
  );
}

function Shortcuts() {
  return (
    <p class="shortcuts hint">
      {tx(
        "Keys: {0} next undecided edge, {1} previous edge, {2} accept, {3} reject the edge that is open, {4} comment on it.",
        <kbd>n</kbd>,
        <kbd>p</kbd>,
        <kbd>a</kbd>,
        <kbd>r</kbd>,
        <kbd>c</kbd>,
      )}
    </p>
  );
}
