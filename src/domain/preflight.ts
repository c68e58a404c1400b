import { asSeen, possibleWhen } from './dns-answers.ts';
import { greenName, nameIn, type Environment, type HandoverWorkload } from './environment.ts';
import type { ExternalDns } from './external-dns.ts';
import { ARGO } from './ids.ts';
import { judgeCronJobs, judgeHandovers, type HandoverFacts } from './handover-preflight.ts';
import type { ColourFacts } from './record-keeper.ts';
import { problemsBefore } from './record-problems.ts';
import type { RecordOwner } from './record-owner.ts';
import type { ClusterRef, Finding } from './status.ts';
import { planWaves, WaveError, type ArgoApplication } from './waves.ts';
import { compareVersions, parseVersion } from './version.ts';
import { describeRecords, RECORD_TYPES, type ObservedRecord } from './traffic.ts';

/** What the world looked like before anything was made. A text in `…Error` says why a look was not possible. */
export interface PreflightFacts {
  readonly at: string;
  /** Of the worker's AWS credentials. */
  readonly account: string;
  readonly blue:
    | (ClusterRef & {
        readonly status: string;
        readonly reachable: boolean;
        readonly unreachableBecause: string | null;
        readonly externalDns: readonly ExternalDns[];
        /** Argo CD's Secrets for it. */
        readonly registrations: readonly {
          readonly secret: string;
          readonly labels: Readonly<Record<string, string>>;
        }[];
      })
    | null;
  readonly blueProblem: string | null;
  readonly manager: { readonly reachable: boolean; readonly unreachableBecause: string | null };
  /** The cluster that has green's name already. */
  readonly greenTaken: { readonly run: string | null; readonly status: string } | null;
  /** Argo CD's Secrets for green's name. */
  readonly greenRegistrations: readonly string[];
  /** Minor versions that EKS offers now, with the end of standard support (ISO date) where it says. */
  readonly offeredVersions: readonly {
    readonly version: string;
    readonly standardSupportEnds: string | null;
  }[];
  readonly platformApplications: readonly ArgoApplication[];
  readonly appApplications: readonly ArgoApplication[];
  /** Of each app with a handover; empty while blue is not known or does not answer. */
  readonly handovers: readonly HandoverFacts[];
  /** Of blue, that are not suspended. */
  readonly cronJobs: readonly HandoverWorkload[];
  readonly hosts: readonly {
    readonly app: string;
    readonly host: string;
    readonly zoneId: string;
    readonly zoneProblem: string | null;
    readonly records: readonly ObservedRecord[];
    /** Record sets of the name that are not weighted alias records: `CNAME`, `A simple`, ... */
    readonly otherRecords: readonly string[];
    readonly owner: RecordOwner;
  }[];
  /** What blue says of the apps that have names of an external-dns. */
  readonly annotated: readonly (ColourFacts & { readonly app: string })[];
}

const WARNINGS: ReadonlySet<string> = new Set([
  'version.extended-support',
  'external-dns.keeps-records',
  'dns.falls-back',
  'handover.runs-in-gap',
  'handover.unnamed',
]);

/** Pure: the facts and the environment give the findings. A blocker stops the upgrade before it made anything. */
export function judgePreflight(environment: Environment, facts: PreflightFacts, run: string): Finding[] {
  const findings: Finding[] = [];
  const add: Add = (id, subject, what, todo) => {
    const severity = WARNINGS.has(id) ? 'warning' : 'blocker';
    findings.push({ id, severity, subject, what, todo, seenAt: facts.at });
  };
  const green = greenName(environment);
  const { target } = environment;
  if (facts.account !== environment.account)
    add(
      'account.differs',
      environment.account,
      `the worker’s credentials are of account ${facts.account}`,
      'give the worker credentials of this account, or correct account in the file',
    );
  judgeBlue(environment, facts, add);
  judgeArgoCd(environment, facts, add);
  // Were green to have blue's name, that is the one finding about it: the others would advise to delete blue.
  const isBlue = facts.blue?.name === green;
  if (!isBlue && facts.greenTaken && facts.greenTaken.run !== run) {
    add(
      'green.name-taken',
      green,
      `a cluster of this name exists (${facts.greenTaken.status}) and belongs to ${facts.greenTaken.run ?? 'nobody we know'}`,
      'delete it, or change naming.green',
    );
  } else if (!isBlue && !facts.greenTaken && facts.greenRegistrations.length > 0) {
    add(
      'green.registered',
      green,
      `Argo CD has a cluster of this name already: Secret ${facts.greenRegistrations.join(', ')}`,
      'delete that Secret if it is of a green of before, or change naming.green',
    );
  }
  const offered = facts.offeredVersions.find(({ version }) => version === target.version);
  if (!offered) {
    add(
      'version.unknown',
      target.version,
      `EKS offers ${facts.offeredVersions.map(({ version }) => version).join(', ') || 'no version that we could read'}`,
      'set target.version to one of these',
    );
  } else if (offered.standardSupportEnds !== null && offered.standardSupportEnds < facts.at) {
    add(
      'version.extended-support',
      target.version,
      `standard support ended ${offered.standardSupportEnds.slice(0, 10)}: this version costs extra`,
      'consider a newer version',
    );
  }
  for (const [id, applications] of [
    ['platform', facts.platformApplications],
    ['apps', facts.appApplications],
  ] as const) {
    try {
      planWaves(applications);
    } catch (error) {
      if (!(error instanceof WaveError)) throw error;
      add(`argocd.${id}-order`, id, error.message, 'correct the eksodus.dev/needs annotations');
    }
  }
  judgeApps(environment, facts, add);
  judgeHealth(facts, add);
  judgeHandovers(environment, facts.handovers, add);
  judgeCronJobs(environment, facts.cronJobs, add);
  return findings;
}

/** Blockers but for those that `WARNINGS` names. */
type Add = (id: string, subject: string, what: string, todo: string) => void;

function judgeBlue(environment: Environment, { blue, blueProblem }: PreflightFacts, add: Add): void {
  const { target } = environment;
  if (!blue) {
    add(
      'blue.unknown',
      environment.live.parameter,
      blueProblem ?? 'no live cluster',
      'write the live cluster’s name into the parameter',
    );
    return;
  }
  const { name, version, status, reachable, unreachableBecause, externalDns } = blue;
  if (status !== 'ACTIVE') add('blue.not-active', name, `status is ${status}`, 'wait until it is ACTIVE');
  if (!reachable) {
    add(
      'blue.unreachable',
      name,
      unreachableBecause ?? 'no answer',
      'give the worker an access entry and a network path',
    );
  }
  const [from, to] = [parseVersion(version), parseVersion(target.version)];
  if (from && to && compareVersions(to, from) <= 0) {
    add(
      compareVersions(to, from) === 0 ? 'version.same' : 'version.downgrade',
      target.version,
      `the live cluster is at ${version}`,
      'set target.version to a newer version',
    );
  }
  if (name === greenName(environment))
    add('green.is-blue', name, 'green would have the live cluster’s name', 'change naming.green');
  for (const { deployment, policy } of externalDns) {
    if (policy === null || policy === 'sync') continue;
    add(
      'external-dns.keeps-records',
      deployment,
      `runs on ${name} with --policy=${policy}: its records would stay when the cluster is deleted`,
      'run it with --policy=sync before decommission is approved, or delete its records by hand then',
    );
  }
}

function judgeArgoCd({ argocd }: Environment, facts: PreflightFacts, add: Add): void {
  const { blue, manager } = facts;
  if (blue && argocd.cluster === blue.name) {
    add(
      'argocd.on-blue',
      argocd.cluster,
      'Argo CD runs on the live cluster, and would be deleted with it',
      'move Argo CD to a cluster of its own, and name that in argocd.cluster',
    );
  }
  if (!manager.reachable) {
    add(
      'manager.unreachable',
      argocd.cluster,
      manager.unreachableBecause ?? 'no answer',
      'give the worker an access entry and a network path',
    );
    return;
  }
  if (!blue) return;
  const { name, registrations } = blue;
  const [registered, ...others] = registrations;
  if (!registered) {
    add(
      'argocd.not-registered',
      name,
      `no cluster Secret of Argo CD on ${argocd.cluster} has its name or its API server`,
      'register it with Argo CD: decommission takes its applications away by the labels of that Secret',
    );
  } else if (others.length > 0) {
    const secrets = registrations.map(({ secret }) => secret).join(', ');
    add('argocd.registered-twice', name, `Argo CD has several cluster Secrets for it: ${secrets}`, 'keep one of them');
  } else {
    const missing = [argocd.platformLabel, argocd.appsLabel].filter((label) => !(label in registered.labels));
    if (missing.length > 0) {
      add(
        'argocd.not-labelled',
        registered.secret,
        `this cluster Secret of ${name} has no label ${missing.join(', ')}`,
        'set it, and have the ApplicationSets select by it: decommission takes the applications away by removing it',
      );
    }
  }
  if (facts.platformApplications.length === 0) {
    add(
      'argocd.no-platform',
      name,
      'Argo CD has no platform application of it, so green would come up without a platform',
      `label its platform applications ${ARGO.cluster}=${name} and ${ARGO.tier}=platform`,
    );
  }
}

/** Green is published at weight 0 long before it is proved, and weight 0 is no promise where health is evaluated. */
function judgeHealth({ blue, hosts }: PreflightFacts, add: Add): void {
  if (!blue) return;
  const fallBack = hosts.filter(({ records }) => {
    const ofBlue = records.filter(({ type }) => type === 'A');
    return possibleWhen([...asSeen(ofBlue), NEWCOMER], NEWCOMER.setIdentifier) !== undefined;
  });
  const names = [...new Set(fallBack.map(({ host }) => host))];
  if (names.length === 0) return;
  const some = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  add(
    'dns.falls-back',
    some,
    `records of ${blue.name} evaluate target health: when none of its targets is healthy, Route 53 answers with green, even at weight 0`,
    'nothing if you want that; else set EvaluateTargetHealth of these records to false before green is published',
  );
}

/** As green will be there: it evaluates health if blue does. */
const NEWCOMER = { setIdentifier: 'green to be', weight: 0, evaluatesHealth: true, health: 'unknown' } as const;

function judgeApps(environment: Environment, facts: PreflightFacts, add: Add): void {
  for (const app of environment.apps) {
    if (
      facts.manager.reachable &&
      facts.blue &&
      !facts.appApplications.some(
        ({ name }) => name === app.application.replaceAll('{cluster}', facts.blue?.name ?? ''),
      )
    ) {
      add(
        'app.no-application',
        app.name,
        `Argo CD has no application ${app.application.replaceAll('{cluster}', facts.blue.name)}`,
        'correct apps[].application, or the ApplicationSet',
      );
    }
  }
  const saidBefore = new Set<string>();
  for (const { app, host: name, zoneId, zoneProblem, records, otherRecords, owner } of facts.hosts) {
    const isPrivate = environment.zones.find(({ id }) => id === zoneId)?.private ?? false;
    const host = nameIn({ private: isPrivate }, name);
    const hasTwin = facts.hosts.some((one) => one.host === name && one.zoneId !== zoneId);
    // While nobody knows blue, its own records would look like a third party's.
    const ours = new Set([facts.blue?.name, greenName(environment)]);
    const strangers = [...new Set(records.map(({ setIdentifier }) => setIdentifier))].filter((id) => !ours.has(id));
    const problems =
      zoneProblem === null ? problemsBefore(environment, facts, { app, host: name, zoneId, isPrivate, owner }) : [];
    if (zoneProblem !== null) {
      add('dns.zone', host, zoneProblem, 'correct the zone of the host');
    } else if (problems.length > 0 && (owner.kind !== 'other' || otherRecords.length === 0)) {
      for (const problem of problems) {
        // What is wrong with an external-dns is so for each of its names.
        const said = JSON.stringify(problem);
        if (!saidBefore.has(said)) add(problem.id, problem.subject, problem.what, problem.todo);
        saidBefore.add(said);
      }
    } else if (otherRecords.length > 0) {
      add('dns.not-weighted', host, `has ${otherRecords.join(', ')}`, 'make it a weighted alias record');
    } else if (
      facts.blue &&
      !records.some(({ setIdentifier, weight }) => setIdentifier === facts.blue?.name && weight > 0)
    ) {
      add(
        'dns.blue-not-serving',
        host,
        `no weighted record ${facts.blue.name} with a weight above 0`,
        hasTwin
          ? 'point the name at the live cluster in this zone too, or list it in zones[].without if it is not of this zone'
          : 'point the name at the live cluster first',
      );
    } else if (facts.blue && strangers.length > 0) {
      add(
        'dns.third-party',
        host,
        `has records of ${strangers.join(', ')}, which are neither blue nor green`,
        'delete these records, A and AAAA, or let their owner do it',
      );
    } else {
      // Both move in one batch to the same weights, so they must begin alike.
      const [a, aaaa] = RECORD_TYPES.map((type) => describeRecords(records.filter((record) => record.type === type)));
      if (a !== aaaa)
        add('dns.types-differ', host, `A has ${a}, AAAA has ${aaaa}`, 'give A and AAAA the same records and weights');
    }
  }
}
