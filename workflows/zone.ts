// The only writer of a hosted zone. It lives as long as the zone is ours: wishes come in, batches go out one at a time,
// reversals before advances, and every asker gets one true answer.
import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { WishOutcome } from '../activities/ports.ts';
import type { HostedZone } from '../src/domain/environment.ts';
import { nextBatch, superseded } from '../src/domain/zone-batch.ts';
import { wishAnswerSignal, wishSignal, withdrawSignal, type WishAnswer, type WishRequest } from './messages.ts';
import { waits, zoneWrites } from './proxies.ts';
import { reasonOf } from './reason.ts';

export interface ZoneInput {
  readonly zone: HostedZone;
  readonly pending: readonly WishRequest[];
}

export async function zone({ zone: hostedZone, pending }: ZoneInput): Promise<void> {
  let queue: readonly WishRequest[] = pending;
  let awaitingInSync = 0;
  const underWay = new Set<string>(pending.map(({ wish }) => wish.id));
  // An asker that heard nothing for long asks again; what is known already is not done twice.
  setHandler(wishSignal, (request) => {
    if (underWay.has(request.wish.id)) return;
    underWay.add(request.wish.id);
    queue = [...queue, request];
  });
  setHandler(withdrawSignal, (id) => {
    const before = queue.length;
    queue = queue.filter(({ wish }) => wish.id !== id);
    if (queue.length < before) underWay.delete(id);
  });

  for (;;) {
    await condition(() => queue.length > 0 || (awaitingInSync === 0 && workflowInfo().continueAsNewSuggested));
    if (awaitingInSync === 0 && workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof zone>({ zone: hostedZone, pending: queue });
    }
    await answerSuperseded();
    const { batch, rest } = nextBatch(queue);
    queue = rest;
    const spreading = new Map<string, WishRequest[]>();
    const atOnce: Promise<void>[] = [];
    for (const { request, outcome } of await write(hostedZone, batch)) {
      if (outcome.outcome === 'changed')
        spreading.set(outcome.changeId, [...(spreading.get(outcome.changeId) ?? []), request]);
      else atOnce.push(answer(request, settled(outcome)));
    }
    await Promise.all(atOnce);
    // Route 53 takes the next request while this one spreads to its servers, so nobody waits here.
    for (const [changeId, requests] of spreading) {
      awaitingInSync += 1;
      void answerInSync(changeId, requests).finally(() => (awaitingInSync -= 1));
    }
  }

  async function answer(request: WishRequest, given: WishAnswer): Promise<void> {
    await send(request, given);
    underWay.delete(request.wish.id);
  }

  async function answerInSync(changeId: string, requests: readonly WishRequest[]): Promise<void> {
    const given = await waits.awaitInSync({ changeId }).then(
      ({ inSyncAt }) => ({ outcome: 'in-sync', inSyncAt, changed: true }) as const,
      (error: unknown) => ({ outcome: 'refused', type: 'dns.not-in-sync', why: reasonOf(error) }) as const,
    );
    await Promise.all(requests.map((request) => answer(request, { wish: request.wish.id, ...given })));
  }

  async function answerSuperseded(): Promise<void> {
    const pointless = superseded(queue);
    queue = queue.filter((request) => !pointless.includes(request));
    await Promise.all(
      pointless.map((request) =>
        answer(request, {
          wish: request.wish.id,
          outcome: 'refused',
          type: 'dns.superseded',
          why: `${request.wish.host} is being taken back`,
        }),
      ),
    );
  }
}

interface Written {
  readonly request: WishRequest;
  readonly outcome: WishOutcome;
}

/** A refused batch is halved until the bad wish stands alone, so it never blocks the good ones. */
async function write(hostedZone: HostedZone, batch: readonly WishRequest[]): Promise<Written[]> {
  try {
    const outcomes = await zoneWrites.applyWishes({
      zone: hostedZone,
      wishes: batch.map(({ wish }) => wish),
    });
    return batch.map((request) => ({
      request,
      outcome: outcomes.find(({ wish }) => wish === request.wish.id) ?? unanswered(request),
    }));
  } catch (error) {
    const only = batch.length === 1 ? batch[0] : undefined;
    if (only)
      return [
        {
          request: only,
          outcome: {
            wish: only.wish.id,
            outcome: 'refused',
            type: 'dns.refused',
            why: reasonOf(error),
          },
        },
      ];
    const middle = Math.ceil(batch.length / 2);
    return [...(await write(hostedZone, batch.slice(0, middle))), ...(await write(hostedZone, batch.slice(middle)))];
  }
}

const unanswered = ({ wish }: WishRequest): WishOutcome => ({
  wish: wish.id,
  outcome: 'refused',
  type: 'dns.refused',
  why: `no outcome for ${wish.host}`,
});

function settled(outcome: Exclude<WishOutcome, { outcome: 'changed' }>): WishAnswer {
  if (outcome.outcome === 'refused') return outcome;
  return {
    wish: outcome.wish,
    outcome: 'in-sync',
    inSyncAt: new Date().toISOString(),
    changed: false,
  };
}

async function send(request: WishRequest, given: WishAnswer): Promise<void> {
  try {
    await getExternalWorkflowHandle(request.askerWorkflowId).signal(wishAnswerSignal, given);
  } catch (error) {
    log.warn('the asker of a record change is gone', {
      asker: request.askerWorkflowId,
      host: request.wish.host,
      error: reasonOf(error),
    });
  }
}
