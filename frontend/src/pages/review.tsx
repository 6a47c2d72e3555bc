// A review: the network with a decision for every edge, and the signature under the whole.
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import { decideEdge, evidenceAddress, getNetwork, getReview } from "../api/operations";
import { Problem } from "../api/client";
import type { Decision, Network, Review, ReviewEdge } from "../api/types";
import { StateBadge } from "../components/badge";
import { Digest } from "../components/digest";
import { Loaded } from "../components/loaded";
import { Facts, PageFrame, Section } from "../components/page";
import { moment } from "../format";
import { DecisionForm } from "../review/decision_form";
import { DecisionsTable } from "../review/decisions_table";
import { Changes, Gates } from "../review/gates";
import { OpenPoints } from "../review/open_points";
import { ReviewBar } from "../review/review_bar";
import { onShortcut } from "../review/shortcuts";
import { Signatures } from "../review/signatures";
import { SignDialog } from "../review/sign_dialog";
import { NetworkExplorer, selectEdge, selectedEdge } from "../network/explorer";
import { walkingOrder } from "../network/layout";
import { useResource, type Resource } from "../resource";
import { address } from "../router";

export function ReviewPage({ id }: { id: string }) {
  const review = useResource(id, (signal) => getReview(id, signal));
  const data = review.data;
  useReturn(review.reload);
  return (
    <PageFrame
      wide
      title={data ? `Review of ${data.model}, version ${data.version}` : "Review"}
      trail={[["Reviews", "/reviews"]]}
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
      <Section title="Edges">
        <Loaded resource={network} rows={12}>
          {(data) => <ReviewedNetwork review={review} resource={resource} network={data} />}
        </Loaded>
      </Section>
      <Section
        title="Signatures"
        actions={
          review.signatures.length > 0 && (
            <a class="button" href={evidenceAddress(review.model, review.version)} download>
              Evidence package
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
      {review.model}, version {review.version}
    </a>
  );
  return (
    <div class="card">
      <Facts
        facts={[
          ["Version", version],
          ["Submitted", `${moment(review.submitted_at)} by ${review.submitted_by}`],
          ["Artifact", <Digest digest={review.artifact_digest} label="digest of the artifact" />],
          ["Summary", review.summary],
          [
            "Approved last",
            review.compared_with === null ? (
              "no version before it"
            ) : (
              <a href={address`/models/${review.model}/versions/${review.compared_with}/compare/${review.version}`}>
                Side by side with version {review.compared_with}
              </a>
            ),
          ],
          ["Round", String(review.round)],
          ...(review.closing_reason === null ? [] : [["Why it ended", review.closing_reason] as const]),
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

  const goOn = (): void => selectEdge(nextEdge(network, review, selected, 1));
  const goBack = (): void => selectEdge(nextEdge(network, review, selected, -1));

  useLayoutEffect(() => onShortcut({ n: goOn, p: goBack }), [network, review, selected]);

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
        earlier={review.compared_with === null ? null : { version: review.compared_with, role: "approved last" }}
        decide={(name) => {
          const edge = review.edges.find((item) => item.edge === name);
          if (!edge) return null;
          const moves = { onPrevious: goBack, onNext: goOn };
          return (
            <DecisionForm key={name} edge={edge} mayDecide={review.may_decide} decide={decide} {...moves} />
          );
        }}
      />
      <h3>All decisions</h3>
      <DecisionsTable review={review} network={network} onSelect={selectEdge} />
    </>
  );
}

function Shortcuts() {
  return (
    <p class="shortcuts hint">
      Keys: <kbd>n</kbd> next undecided edge, <kbd>p</kbd> previous edge, <kbd>a</kbd> accept, <kbd>r</kbd>{" "}
      reject the edge that is open, <kbd>c</kbd> comment on it.
    </p>
  );
}

/** Forwards the next edge without a decision, else simply the next one; backwards the one before. */
function nextEdge(network: Network, review: Review, selected: string | null, step: 1 | -1): string | null {
  const order = walkingOrder(network).map((edge) => edge.edge);
  const position = selected === null ? -1 : order.indexOf(selected);
  if (step === -1) return order[position > 0 ? position - 1 : order.length - 1] ?? null;
  const ahead = [...order.slice(position + 1), ...order.slice(0, position + 1)];
  const undecided = new Set(review.edges.filter((edge) => edge.decision === null).map((edge) => edge.edge));
  return ahead.find((edge) => undecided.has(edge)) ?? ahead[0] ?? null;
}
