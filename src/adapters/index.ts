// Everything that activities need of the world, as the worker has it.
import { createArgo, type Argo } from './argo.ts';
import { createAws, type Aws } from './aws.ts';
import { systemClock, type Clock } from './clock.ts';
import { httpProbe, type HttpProbe } from './http-probe.ts';
import { createKubeConnections } from './kube-connections.ts';
import { createKube, type Kube } from './kube.ts';
import { createKubeWorkloads, type KubeWorkloads } from './kube-workloads.ts';
import { createCommands, type Commands } from './commands.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { nameResolver, type NameResolver } from './resolver.ts';
import { createReplicas, type Replicas } from './replicas.ts';
import { createRoute53, type Route53 } from './route53.ts';

export interface Dependencies {
  readonly aws: Aws;
  readonly route53: Route53;
  readonly kube: Kube;
  readonly workloads: KubeWorkloads;
  readonly replicas: Replicas;
  readonly argo: Argo;
  readonly resolver: NameResolver;
  readonly http: HttpProbe;
  readonly metrics: Metrics;
  readonly commands: Commands;
  readonly clock: Clock;
}

const variables = (name: string): string | undefined => process.env[name];

/** The real ones. Endpoints and credentials come from the AWS SDK's own environment. */
export function createDependencies(): Dependencies {
  const aws = createAws();
  const connections = createKubeConnections(aws, systemClock);
  return {
    aws,
    route53: createRoute53(),
    kube: createKube(connections),
    workloads: createKubeWorkloads(connections, systemClock),
    replicas: createReplicas(connections),
    argo: createArgo(connections),
    resolver: nameResolver,
    http: httpProbe,
    metrics: createMetrics(variables),
    commands: createCommands(variables),
    clock: systemClock,
  };
}
