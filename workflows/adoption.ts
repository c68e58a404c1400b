// Moves a name between external-dns and us, or between the external-dns of two clusters: one batch in each of its zones,
// then two loops of external-dns in which nothing of it may change; else all is put back as it was.
import { ApplicationFailure, CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { planAdoption, type OwnershipPlan } from '../src/domain/adoption.ts';
import { nameIn, type Environment } from '../src/domain/environment.ts';
import type { NameSeen, NamesSeen } from '../src/domain/names-seen.ts';
import { whyNotKept, type Direction } from '../src/domain/ownership-kept.ts';
import { refusePerson, type Asking } from '../src/domain/permissions.ts';
import { reversed, type Rewrite } from '../src/domain/record-rewrite.ts';
import { findHeir, planRelease } from '../src/domain/release.ts';
import type { Evidence } from '../src/domain/status.ts';
import { zoneAsker, type AskZone } from './ask-zone.ts';
import { calls } from './proxies.ts';
import { failureTypeOf, reasonOf } from './reason.ts';

export interface AdoptionInput extends Asking {
  readonly environment: Environment;
  readonly host: string;
  /** `release` without an owner id: to the external-dns of the live cluster. */
  readonly wanted: { readonly kind: 'adopt' } | { readonly kind: 'release'; readonly ownerId: string | null };
}

export type AdoptionResult =
  | { readonly outcome: 'done'; readonly evidence: readonly Evidence[]; readonly notes: readonly string[] }
  | { readonly outcome: 'nothing'; readonly why: string }
  /** Nothing was changed. */
  | { readonly outcome: 'refused'; readonly why: string; readonly todo: string }
  /** It was changed, and is as before again. */
  | { readonly outcome: 'restored'; readonly why: string };

/** One zone's part of it. */
interface Part {
  readonly before: NameSeen;
  readonly direction: Direction;
  readonly plan: OwnershipPlan;
}
type Change = Part & { readonly plan: Extract<OwnershipPlan, { readonly kind: 'rewrite' }> };

/** How the zone's writer says that nothing came of a wish. */
const NOT_WRITTEN = new Set(['dns.refused', 'drift.detected']);
const LOOPS = 2;
const LOOKS_A_LOOP = 4;
/** For the requests of the loop itself. */
const GRACE_SECONDS = 5;

export async function adoption(input: AdoptionInput): Promise<AdoptionResult> {
  const ask = zoneAsker();
  const person = refusePerson(`dns ${input.wanted.kind}`, input);
  if (person !== undefined) return { outcome: 'refused', why: person, todo: 'ask somebody who may' };
  const parts = await planAll(input);
  if (parts.length === 0) {
    const why = `${input.host} is no host of an app of ${input.environment.name}`;
    return { outcome: 'refused', why, todo: 'add it to apps[].hosts, or correct the name' };
  }
  const barred = parts.find(({ plan }) => plan.kind === 'refused');
  if (barred?.plan.kind === 'refused') return { outcome: 'refused', why: barred.plan.why, todo: barred.plan.todo };
  const changes = parts.flatMap((part): Change[] =>
    part.plan.kind === 'rewrite' ? [{ ...part, plan: part.plan }] : [],
  );
  if (changes.length === 0) {
    const why = parts.flatMap(({ plan }) => (plan.kind === 'nothing' ? [plan.why] : [])).join('; ');
    return { outcome: 'nothing', why };
  }
  const written = new Set(changes);
  try {
    await writeAll(
      ask,
      changes,
      ({ rewrite }) => rewrite,
      (change) => written.delete(change),
    );
    const evidence = await watchLoops(input, changes);
    return { outcome: 'done', evidence, notes: [...new Set(changes.flatMap(({ plan }) => plan.notes))] };
  } catch (error) {
    await CancellationScope.nonCancellable(() => putBack(ask, [...written], error));
    if (isCancellation(error)) throw error;
    return { outcome: 'restored', why: reasonOf(error) };
  }
}

async function planAll({ environment, host, wanted }: AdoptionInput): Promise<Part[]> {
  const seen = await calls.lookAtNames({ environment, hosts: [host], askTtl: false });
  return Promise.all(
    seen.names.map(async (before): Promise<Part> => {
      if (wanted.kind === 'adopt')
        return { before, direction: { to: 'us' }, plan: planAdoption(before, seen.clusters) };
      const { plan, ownerId } = await planHeir(environment, seen, before, wanted.ownerId);
      return { before, direction: { to: 'owner', ownerId }, plan };
    }),
  );
}

async function planHeir(
  environment: Environment,
  seen: NamesSeen,
  before: NameSeen,
  ownerId: string | null,
): Promise<{ plan: OwnershipPlan; ownerId: string }> {
  const found = findHeir(seen, before, ownerId);
  if ('why' in found) return { plan: { kind: 'refused', ...found }, ownerId: '' };
  const { heir } = found;
  const ingress = environment.apps.find(({ name }) => name === before.app)?.ingress;
  if (!ingress) throw ApplicationFailure.nonRetryable(`no app ${before.app}`, 'input.invalid');
  const source = await calls.lookAtSource({ region: environment.region, cluster: heir.cluster, ingress });
  return { plan: planRelease(before, seen.clusters, heir, source), ownerId: heir.externalDns.ownerId ?? '' };
}

/** In all of its zones at once; what one refuses is thrown when all have answered. */
async function writeAll(
  ask: AskZone,
  changes: readonly Change[],
  of: (plan: Change['plan']) => Rewrite,
  onRefused: (change: Change) => void = () => undefined,
): Promise<void> {
  const ends = await Promise.allSettled(
    changes.map(async (change) => {
      const { before, plan } = change;
      try {
        await ask(before.zone, { host: before.host, rewrite: of(plan), urgent: false });
      } catch (error) {
        // Whatever else went wrong, it may be in the zone.
        if (NOT_WRITTEN.has(failureTypeOf(error))) onRefused(change);
        throw error;
      }
    }),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Looks all the time, so that what external-dns undoes is put back at once and not after its second loop. */
async function watchLoops(input: AdoptionInput, changes: readonly Change[]): Promise<Evidence[]> {
  const { environment, host } = input;
  const loopSeconds = Math.max(...changes.map(({ plan }) => plan.loopSeconds));
  const until = Date.now() + (loopSeconds === 0 ? 0 : (LOOPS * loopSeconds + GRACE_SECONDS) * 1000);
  const pauseMs = Math.max(1000, (loopSeconds * 1000) / LOOKS_A_LOOP);
  for (let looks = 1; ; looks += 1) {
    const now = await calls.lookAtNames({ environment, hosts: [host], askTtl: false });
    for (const change of changes) {
      const why = whyChanged(change, now);
      if (why !== undefined)
        throw ApplicationFailure.nonRetryable(`it did not stay as it was written: ${why}`, 'dns.not-kept');
    }
    if (Date.now() >= until) return changes.map(({ before }) => kept(before, { looks, loopSeconds, at: now.at }));
    await sleep(Math.max(1, Math.min(pauseMs, until - Date.now())));
  }
}

function whyChanged({ before, direction, plan }: Change, seen: NamesSeen): string | undefined {
  const now = seen.names.find(({ zone }) => zone.id === before.zone.id);
  return now ? whyNotKept(direction, plan.rewrite, { before, now }) : 'the name is not in the zone any more';
}

const kept = (
  { zone, host }: NameSeen,
  { looks, loopSeconds, at }: { readonly looks: number; readonly loopSeconds: number; readonly at: string },
): Evidence => ({
  check: 'ownership',
  subject: nameIn(zone, host),
  passed: true,
  observed:
    loopSeconds === 0
      ? 'as written; no external-dns of these clusters may write it'
      : `as written at each of ${looks} looks over ${LOOPS} loops of external-dns, ${loopSeconds} s each`,
  expected: 'external-dns neither deletes nor reverts it',
  at,
});

/** A zone where somebody else was quicker says so. */
async function putBack(ask: AskZone, changes: readonly Change[], error: unknown): Promise<void> {
  try {
    await writeAll(ask, changes, ({ rewrite }) => reversed(rewrite));
  } catch (barred) {
    throw ApplicationFailure.nonRetryable(
      `${reasonOf(error)}; and it could not be put back as it was: ${reasonOf(barred)}. See it: eksodus dns show`,
      'dns.not-restored',
    );
  }
}
