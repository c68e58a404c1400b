// How one name of an app is moved, by its owner: through the zone's one writer, or by annotations that external-dns follows.
import { ApplicationFailure } from '@temporalio/workflow';
import type { Weights } from '../activities/ports.ts';
import type { App, AppHost, Environment } from '../src/domain/environment.ts';
import type { Keeper, RecordProblem } from '../src/domain/record-keeper.ts';
import type { RecordOwner } from '../src/domain/record-owner.ts';
import { decideBack, decideMove, recordFacts, type HostMover, type KnownMover } from '../src/domain/record-moves.ts';
import { shareOf } from '../src/domain/spread.ts';
import { describeRecords, RECORD_TYPES, weightsOf, type WeightedRecord } from '../src/domain/traffic.ts';
import type { AskZone } from './ask-zone.ts';
import { calls, waits } from './proxies.ts';
import { ingressOf, zoneOf } from './look-up.ts';

/** By `keyOf` a host: a name may be in two zones. */
export type Movers = ReadonlyMap<string, HostMover>;
type Annotated = Extract<HostMover, { kind: 'external-dns' }>;

const keyOf = ({ name, zoneId }: AppHost): string => `${zoneId} ${name}`;

export interface Colored {
  readonly environment: Environment;
  readonly app: App;
  readonly blue: string;
  readonly green: string;
  /** The app’s names that were external-dns’s at preflight: for the way back, when a cluster cannot be asked. None: all were ours. */
  readonly known?: readonly KnownMover[];
}

export interface HostChange {
  readonly host: AppHost;
  readonly want: readonly WeightedRecord[];
  /** Weights as they were last known; null, for going back: whatever they are. */
  readonly expected: Weights | null;
  readonly urgent: boolean;
}

/** Names that nobody may move, and what says so: `record.blocked`. */
export interface Blocked {
  readonly keys: ReadonlySet<string>;
  readonly failure: ApplicationFailure;
}

/** Before a way forward, so both clusters must answer. Throws `record.blocked` when one of the names is moved by nobody. */
export async function findMovers(of: Colored): Promise<Movers> {
  const { movers, blocked } = await askForMovers(of, { mustAnswer: true });
  if (blocked) throw blocked.failure;
  return movers;
}

/** For the way back: neither a cluster that is down nor a name that is blocked keeps another name from going. */
export async function findMoversBack(of: Colored): ReturnType<typeof askForMovers> {
  // A thousand apps go back at once: of those whose names were all ours, nobody is asked again.
  if (of.known?.length === 0) return { movers: new Map(), blocked: null };
  return askForMovers(of, { mustAnswer: false });
}

async function askForMovers(
  { environment, app, blue, green, known = [] }: Colored,
  { mustAnswer }: { readonly mustAnswer: boolean },
): Promise<{ readonly movers: Movers; readonly blocked: Blocked | null }> {
  const ingress = ingressOf(app);
  const ownerPattern = environment.externalDnsOwner;
  const seen = await calls.findRecordOwners({
    ...whatToAsk({ environment, app }),
    clusters: [blue, green],
    mustAnswer,
  });
  const allAnswered = seen.colours.every(({ facts }) => facts !== null);
  const decided = recordFacts(seen, { ingress, ownerPattern, blue, green }).map((one) => ({
    key: keyOf({ name: one.host, zoneId: one.zoneId }),
    decision: mustAnswer ? decideMove(one) : decideBack(one, known, allAnswered),
  }));
  const movers = new Map<string, HostMover>();
  const problems = new Map<string, readonly RecordProblem[]>();
  for (const { key, decision } of decided) {
    if (decision.kind === 'moved') movers.set(key, decision.mover);
    else problems.set(key, decision.problems);
  }
  const failure = blockedBy([...problems.values()].flat());
  return { movers, blocked: problems.size > 0 ? { keys: new Set(problems.keys()), failure } : null };
}

const blockedBy = (problems: readonly RecordProblem[]): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    problems.map(({ id, subject, what }) => `${subject}: ${what} (${id})`).join('; '),
    'record.blocked',
    { hint: problems.map(({ todo }) => todo).join('; '), runbook: 'record-blocked' },
  );

/** No more than is needed: it stays in the history. */
function whatToAsk({ environment, app }: Pick<Colored, 'environment' | 'app'>) {
  const { region, argocd } = environment;
  const hosts = app.hosts.map((host) => ({ host: host.name, zone: zoneOf(environment, host) }));
  return { scope: { region, argocd }, app: { application: app.application, ingress: ingressOf(app) }, hosts };
}

/** By what one cluster and the zone say; the cluster may be half deleted. */
export async function ownerIn(
  of: Pick<Colored, 'environment' | 'app'> & { readonly cluster: string },
  { name, zoneId }: AppHost,
): Promise<RecordOwner['kind'] | undefined> {
  const { hosts } = await calls.findRecordOwners({ ...whatToAsk(of), clusters: [of.cluster], mustAnswer: false });
  return hosts.find((one) => one.host === name && one.zoneId === zoneId)?.owner.kind;
}

export const isAnnotated = (movers: Movers, host: AppHost): boolean => movers.get(keyOf(host))?.kind === 'external-dns';

export const isBlocked = (blocked: Blocked | null, host: AppHost): boolean => blocked?.keys.has(keyOf(host)) ?? false;

interface Moving extends Colored {
  readonly ask: AskZone;
  readonly movers: Movers;
}

/** Asks the zone's writer for a name that is ours. */
export const askWriter = (
  { ask, environment }: Pick<Moving, 'ask' | 'environment'>,
  { host, ...change }: HostChange,
): ReturnType<AskZone> => ask(zoneOf(environment, host), { host: host.name, ...change });

/**
 * Moves names that external-dns has. All of an app go together, for they are annotated on one Ingress; and one side after
 * the other, the one that gains first: two external-dns never act together, and weights that both fell first would be all
 * zero for a while. Each is seen in Route 53, and at the name servers, before the next.
 */
export async function moveAnnotated(
  move: Moving,
  changes: readonly HostChange[],
): Promise<{ inSyncAt: string; changed: boolean }> {
  let inSyncAt = new Date().toISOString();
  let changed = false;
  const [first] = changes;
  if (!first) return { inSyncAt, changed };
  const names = await Promise.all(changes.map((change) => look(move, change)));
  for (const { setIdentifier, weight } of gainersFirst(first.want, names)) {
    const told = await annotate(move, names, { setIdentifier, weight });
    if (!told) continue;
    const seen = await Promise.all(names.map((name) => follow(move, name, { ...told, setIdentifier, weight })));
    changed ||= seen.some((one) => one !== undefined);
    inSyncAt = seen.findLast((one) => one !== undefined) ?? inSyncAt;
  }
  return { inSyncAt, changed };
}

/** A name on its way. */
interface Name {
  readonly change: HostChange;
  readonly mover: Annotated;
  weights: Weights;
}

async function look({ environment, movers }: Moving, change: HostChange): Promise<Name> {
  const { host, expected } = change;
  const mover = movers.get(keyOf(host));
  if (mover?.kind !== 'external-dns')
    throw ApplicationFailure.nonRetryable(`${host.name} is not external-dns’s`, 'input.invalid');
  const records = await calls.readRecords({ zone: zoneOf(environment, host), host: host.name });
  if (expected !== null) insistOn(records, host.name, expected);
  return { change, mover, weights: weightsOf(records.filter(({ type }) => type === 'A')) };
}

interface Side {
  readonly setIdentifier: string;
  readonly weight: number;
}

/** Undefined: there is no keeper to tell, and nothing that it should be told. */
async function annotate(
  { environment, app }: Moving,
  names: readonly Name[],
  { setIdentifier, weight }: Side,
): Promise<{ keeper: Keeper; isNews: boolean } | undefined> {
  const keeper = names.map(({ mover }) => keeperIn(mover, setIdentifier)).find((one) => one !== null);
  if (keeper) {
    const { changed } = await calls.annotateWeight({
      region: environment.region,
      keeper,
      ingress: ingressOf(app),
      weight,
    });
    return { keeper, isNews: changed };
  }
  if (names.every(({ weights }) => weights[setIdentifier] === weight)) return undefined;
  throw ApplicationFailure.nonRetryable(
    `${app.name}: external-dns of ${setIdentifier} cannot be told its weight, for that cluster does not answer`,
    'dns.not-followed',
    {
      hint: `have the API server of ${setIdentifier} answer and resume, or set the record’s weight to ${weight} by hand while its external-dns is down`,
      runbook: 'dns-not-followed',
    },
  );
}

/** When all name servers answered so; undefined: nothing was to do. */
async function follow(
  { environment, app, green }: Moving,
  name: Name,
  { keeper, isNews, setIdentifier, weight }: Side & { readonly keeper: Keeper; readonly isNews: boolean },
): Promise<string | undefined> {
  const { change, weights } = name;
  const { host, want, expected } = change;
  const isThere = weights[setIdentifier] === weight;
  if (isThere && !isNews) return undefined;
  const { region, resolvers = null } = environment;
  const zone = zoneOf(environment, host);
  const next = { ...weights, [setIdentifier]: weight };
  const seen = await waits.awaitFollowed({
    region,
    zone,
    host: host.name,
    keeper,
    ingress: ingressOf(app),
    before: expected === null ? null : weights,
    want: next,
    // It may just be doing what it was told before.
    steadySeconds: isThere ? keeper.followsWithinSeconds : 0,
  });
  if (seen.outcome === 'drift') throw ApplicationFailure.nonRetryable(seen.why, 'drift.detected');
  name.weights = next;
  const target = want.find((record) => record.setIdentifier === green)?.target;
  if (!target) throw ApplicationFailure.nonRetryable(`${host.name} is to have no record ${green}`, 'input.invalid');
  const shares = { before: shareOf(weights, green), after: shareOf(next, green) };
  return (await waits.awaitAnswers({ zone, host: host.name, target, shares, resolvers })).inSyncAt;
}

const keeperIn = ({ blue, green }: Annotated, cluster: string): Keeper | null =>
  blue.cluster === cluster ? blue : green?.cluster === cluster ? green : null;

function gainersFirst(want: readonly WeightedRecord[], names: readonly Name[]): WeightedRecord[] {
  const gain = ({ setIdentifier, weight }: WeightedRecord): number =>
    Math.max(...names.map(({ weights }) => weight - (weights[setIdentifier] ?? 0)));
  return want.toSorted((a, b) => gain(b) - gain(a));
}

/** Anything else than what was last known is drift, and is left as it is. */
function insistOn(records: Awaited<ReturnType<typeof calls.readRecords>>, host: string, expected: Weights): void {
  for (const type of RECORD_TYPES) {
    const there = records.filter((record) => record.type === type);
    const found = weightsOf(there);
    const ids = new Set([...Object.keys(found), ...Object.keys(expected)]);
    if ([...ids].every((id) => found[id] === expected[id])) continue;
    const known = Object.entries(expected).map(([id, weight]) => `${id}=${weight}`);
    throw ApplicationFailure.nonRetryable(
      `${host} has ${type} ${describeRecords(there)}, expected ${known.join(' ')}`,
      'drift.detected',
    );
  }
}
