// An app that serves, as it is seen; tests change what is not so.
import type {
  ApplicationFacts,
  AutoscalerFacts,
  CanaryFacts,
  ReadinessFacts,
  TargetGroupFacts,
  WorkloadFacts,
} from '../../src/domain/readiness-facts.ts';

export const applicationFacts = (given: Partial<ApplicationFacts> = {}): ApplicationFacts => ({
  name: 'web-green',
  sync: 'Synced',
  health: 'Healthy',
  revision: 'abc1234',
  comparedAnew: true,
  syncing: false,
  outOfSync: [],
  problems: [],
  selfHeals: false,
  respectsIgnored: false,
  ignored: [],
  ...given,
});

export const targetGroup = (given: Partial<TargetGroupFacts> = {}): TargetGroupFacts => ({
  name: 'k8s-web',
  targetType: 'ip',
  healthy: 2,
  initial: 0,
  unhealthy: 0,
  draining: 0,
  because: [],
  ...given,
});

export const workloadFacts = (given: Partial<WorkloadFacts> = {}): WorkloadFacts => ({
  kind: 'Deployment',
  namespace: 'web',
  name: 'web',
  desired: 2,
  ready: 2,
  updated: 2,
  observed: true,
  raised: null,
  canary: null,
  ...given,
});

export const autoscalerFacts = (given: Partial<AutoscalerFacts> = {}): AutoscalerFacts => ({
  namespace: 'web',
  name: 'web',
  target: { kind: 'Deployment', name: 'web' },
  min: 2,
  max: 10,
  current: 2,
  desired: 2,
  raised: null,
  keptBy: null,
  ...given,
});

export const canaryFacts = (given: Partial<CanaryFacts> = {}): CanaryFacts => ({
  phase: 'Healthy',
  message: '',
  pauses: [],
  aborted: false,
  stable: true,
  ...given,
});

export const servingFacts = (cluster: string, app = 'web'): ReadinessFacts => ({
  cluster,
  at: '2026-11-21T10:00:00.000Z',
  application: { seen: applicationFacts({ name: `${app}-${cluster}` }) },
  loadBalancer: { seen: { hostname: `${app}.${cluster}.elb.test`, targetGroups: [targetGroup()] } },
  workloads: {
    seen: {
      workloads: [workloadFacts({ namespace: app, name: app })],
      autoscalers: [autoscalerFacts({ namespace: app, name: app, target: { kind: 'Deployment', name: app } })],
    },
  },
});
