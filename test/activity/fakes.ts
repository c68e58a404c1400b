// Adapters whose answers a test queues and whose calls it reads back. What a test did not prepare fails it.
import { DefaultLogger, type ActivityInterceptorsFactory } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { createActivities } from '../../activities/index.ts';
import type { Activities, Actor } from '../../activities/ports.ts';
import type { ApplicationState, SyncOperation } from '../../src/adapters/argo-application.ts';
import type { Argo } from '../../src/adapters/argo.ts';
import type { AwsRegion } from '../../src/adapters/aws.ts';
import type { Clock } from '../../src/adapters/clock.ts';
import type { EksCluster } from '../../src/adapters/eks-clusters.ts';
import type { HttpProbe } from '../../src/adapters/http-probe.ts';
import type { Dependencies } from '../../src/adapters/index.ts';
import type { Kube } from '../../src/adapters/kube.ts';
import type { KubeWorkloads } from '../../src/adapters/kube-workloads.ts';
import type { Commands } from '../../src/adapters/commands.ts';
import type { Metrics } from '../../src/adapters/metrics.ts';
import type { Replicas } from '../../src/adapters/replicas.ts';
import type { NameResolver } from '../../src/adapters/resolver.ts';
import type { Route53, ZoneRecord } from '../../src/adapters/route53.ts';
import type { ArgoCd } from '../../src/domain/environment.ts';
import { ARGO, TAGS } from '../../src/domain/ids.ts';

export const REGION = 'eu-central-1';
export const ACTOR: Actor = { environment: 'test', region: REGION, run: 'upgrade/test/1' };
export const OURS = { [TAGS.environment]: 'test', [TAGS.run]: ACTOR.run };
export const THEIRS = { [TAGS.environment]: 'stg', [TAGS.run]: 'upgrade/stg/9' };
export const ARGOCD: ArgoCd = {
  cluster: 'manager',
  namespace: 'argocd',
  labels: { environment: 'test' },
  platformLabel: 'eksodus.dev/platform',
  appsLabel: 'eksodus.dev/apps',
};

/** A faked method: answers what is queued, one after the other and the last one for ever; an Error is thrown. */
export function answers<T>(...queued: (T | Error)[]) {
  const calls: unknown[][] = [];
  const method = (...input: unknown[]): Promise<T> => {
    const answer = queued[Math.min(calls.length, queued.length - 1)];
    calls.push(input);
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(answer as T);
  };
  return Object.assign(method, { calls });
}

/** Time passes only by sleeping. */
export class FakeClock implements Clock {
  readonly sleeps: number[] = [];
  #now = Date.parse('2026-11-21T10:00:00Z');
  now(): number {
    return this.#now;
  }
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.sleeps.push(ms);
    this.#now += ms;
    // Others that wait get their turn, as they would.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

type AnyMethods<T> = { [K in keyof T]?: unknown };

export interface Prepared {
  readonly eks?: AnyMethods<AwsRegion['eks']>;
  readonly iam?: AnyMethods<AwsRegion['iam']>;
  readonly ssm?: AnyMethods<AwsRegion['ssm']>;
  readonly sts?: AnyMethods<AwsRegion['sts']>;
  readonly elb?: AnyMethods<AwsRegion['elb']>;
  readonly ec2?: AnyMethods<AwsRegion['ec2']>;
  readonly route53?: AnyMethods<Route53>;
  readonly kube?: AnyMethods<Kube>;
  readonly workloads?: AnyMethods<KubeWorkloads>;
  readonly replicas?: AnyMethods<Replicas>;
  readonly argo?: AnyMethods<Argo>;
  readonly resolver?: AnyMethods<NameResolver>;
  readonly http?: AnyMethods<HttpProbe>;
  readonly metrics?: AnyMethods<Metrics>;
  readonly commands?: AnyMethods<Commands>;
}

/** An adapter that has only the prepared methods. */
function adapter(name: string, prepared: object = {}): any {
  return new Proxy(prepared, {
    get(target, method) {
      if (!(method in target)) throw new Error(`${name}.${String(method)} was not expected to be called`);
      return Reflect.get(target, method) as unknown;
    },
  });
}

export function prepare(prepared: Prepared, clock: Clock = new FakeClock()): Dependencies {
  return {
    aws: (region) => {
      if (region !== REGION) throw new Error(`asked for region ${region}`);
      return {
        eks: adapter('eks', prepared.eks),
        iam: adapter('iam', prepared.iam),
        ssm: adapter('ssm', prepared.ssm),
        sts: adapter('sts', prepared.sts),
        elb: adapter('elb', prepared.elb),
        ec2: adapter('ec2', prepared.ec2),
        credentials: answers({ accessKeyId: 'key', secretAccessKey: 'secret' }),
      };
    },
    route53: adapter('route53', prepared.route53),
    kube: adapter('kube', prepared.kube),
    workloads: adapter('workloads', prepared.workloads),
    replicas: adapter('replicas', prepared.replicas),
    argo: adapter('argo', prepared.argo),
    resolver: adapter('resolver', prepared.resolver),
    http: adapter('http', prepared.http),
    metrics: adapter('metrics', prepared.metrics),
    commands: adapter('commands', prepared.commands),
    clock,
  };
}

export interface Running {
  readonly environment: MockActivityEnvironment;
  /** Details of all heartbeats so far. */
  readonly beats: unknown[];
}

export function activityEnvironment(
  info: Partial<Info> = {},
  interceptors: ActivityInterceptorsFactory[] = [],
): Running {
  const logger = new DefaultLogger('ERROR', () => undefined);
  const environment = new MockActivityEnvironment(info, { logger, interceptors });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details) => beats.push(details));
  return { environment, beats };
}

/** Runs one activity of the real set over the given adapters. */
export function run<Name extends keyof Activities>(
  deps: Dependencies,
  name: Name,
  input: Parameters<Activities[Name]>[0],
  { environment }: Running = activityEnvironment(),
): Promise<Awaited<ReturnType<Activities[Name]>>> {
  const activity = createActivities(deps)[name] as (given: typeof input) => Promise<any>;
  return environment.run(activity, input);
}

/** The failure with which something must end. */
export async function failureOf(running: Promise<unknown>): Promise<ApplicationFailure> {
  const ended = await running.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in ended && ended.error instanceof ApplicationFailure) return ended.error;
  throw new Error(
    `expected an ApplicationFailure, got ${JSON.stringify(ended)} ${String('error' in ended && ended.error)}`,
  );
}

/** An error as the AWS SDK throws it. */
export function awsError(name: string, message = 'refused', status = 400): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode: status } });
}

export const cluster = (given: Partial<EksCluster> = {}): EksCluster => ({
  name: 'green',
  arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/green',
  version: '1.36',
  status: 'ACTIVE',
  endpoint: 'https://green.example.test',
  caData: 'Y2E=',
  oidcIssuer: 'https://oidc.example.test/green',
  tags: OURS,
  deletionProtection: true,
  issues: [],
  ...given,
});

export const operation = (given: Partial<SyncOperation> = {}): SyncOperation => ({
  phase: 'Succeeded',
  message: 'successfully synced',
  requestId: 'request-1',
  revision: 'abc',
  finishedAt: '2026-11-21T10:00:10Z',
  failedResources: [],
  ...given,
});

export const application = (given: Partial<ApplicationState> = {}): ApplicationState => ({
  name: 'web-green',
  project: 'default',
  labels: { [ARGO.app]: 'web', [ARGO.cluster]: 'green' },
  annotations: {},
  resourceVersion: '7',
  syncOptions: ['CreateNamespace=true'],
  selfHeals: false,
  ignoreDifferences: [],
  sync: 'Synced',
  health: 'Healthy',
  revision: 'abc',
  reconciledAt: '2026-11-21T10:00:11Z',
  refreshing: false,
  requested: null,
  operation: null,
  objects: [],
  outOfSync: [],
  problems: [],
  ...given,
});

/** A weighted alias record set as it is in a zone. */
export const weighted = (setIdentifier: string, weight: number, given: Partial<ZoneRecord> = {}): ZoneRecord => ({
  name: 'web.example.test',
  type: 'A',
  setIdentifier,
  weight,
  alias: { hostname: `${setIdentifier}.elb.test`, hostedZoneId: 'ZLB', evaluateTargetHealth: true },
  ttlSeconds: null,
  values: [],
  healthChecked: false,
  ...given,
});

/** A and AAAA of both colours. */
export const colours = (blue: number, green: number, name = 'web.example.test'): ZoneRecord[] =>
  (['A', 'AAAA'] as const).flatMap((type) => [
    weighted('blue', blue, { type, name }),
    weighted('green', green, { type, name }),
  ]);
