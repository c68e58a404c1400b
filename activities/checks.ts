// Looks that end in evidence, whatever they see: the workflow judges.
import type { Workload } from '../src/adapters/kube.ts';
import type { Dependencies } from '../src/adapters/index.ts';
import { ARGO } from '../src/domain/ids.ts';
import type { Evidence } from '../src/domain/status.ts';
import { argoAddress } from './argocd.ts';
import { pollFor, type Look } from './poll.ts';
import type { ClusterActivities } from './ports.ts';
import { probe } from './probe.ts';
import { asFailure } from './translate.ts';

const NODES_SECONDS = 15 * 60;
const WORKLOADS_SECONDS = 15 * 60;
const APPLICATIONS_SECONDS = 5 * 60;
const NODE_GROUP_LABEL = 'eks.amazonaws.com/nodegroup';
/** More names than these make no message clearer. */
const NAMES_SHOWN = 5;

type CheckWork = Pick<ClusterActivities, 'checkNodes' | 'checkWorkloads' | 'checkApplications' | 'checkHttp'>;

export function createCheckWork(deps: Dependencies): CheckWork {
  const { kube, argo, clock } = deps;
  return {
    checkNodes: ({ actor: { region }, cluster, nodeGroups }) =>
      evidenceOf({
        check: 'nodes Ready',
        subject: cluster,
        expected: nodeGroups.map(({ name, desiredSize }) => `${name} ${desiredSize}`).join(', '),
        deadlineSeconds: NODES_SECONDS,
        look: async () => {
          const nodes = await kube.nodes({ region, cluster });
          const ready = nodeGroups.map(({ name, desiredSize }) => ({
            name,
            desiredSize,
            count: nodes.filter((node) => node.ready && node.labels[NODE_GROUP_LABEL] === name).length,
          }));
          const observed = ready.map(({ name, count }) => `${name} ${count}`).join(', ');
          return ready.every(({ count, desiredSize }) => count >= desiredSize)
            ? { done: observed }
            : { waiting: observed };
        },
      }),

    checkWorkloads: ({ actor: { region }, cluster }) =>
      evidenceOf({
        check: 'workloads available',
        subject: cluster,
        expected: 'every Deployment, DaemonSet and StatefulSet available',
        deadlineSeconds: WORKLOADS_SECONDS,
        look: async () => {
          const workloads = await kube.workloads({ region, cluster });
          const unsettled = workloads.filter(({ settled }) => !settled);
          const count = `${workloads.length - unsettled.length} of ${workloads.length} available`;
          if (workloads.length === 0) return { waiting: 'there are none' };
          return unsettled.length === 0
            ? { done: count }
            : { waiting: `${count}; not: ${some(unsettled.map(nameOf))}` };
        },
      }),

    checkApplications: ({ actor: { region }, argocd, cluster, maySuspend = [] }) =>
      evidenceOf({
        check: 'Argo CD Synced and Healthy',
        subject: cluster,
        expected: 'every application Synced and Healthy, and an API server that answers',
        deadlineSeconds: APPLICATIONS_SECONDS,
        look: async () => {
          const applications = await argo.applications(argoAddress(region, argocd), { [ARGO.cluster]: cluster });
          const unwell = applications.filter(
            ({ name, sync, health }) => sync !== 'Synced' || !isWell(health, maySuspend.includes(name)),
          );
          const count = `${applications.length - unwell.length} of ${applications.length} Synced and Healthy`;
          if (applications.length === 0) return { waiting: 'there are none' };
          if (unwell.length > 0) {
            const names = unwell.map(({ name, sync, health }) => `${name} ${sync} ${health}`);
            return { waiting: `${count}; not: ${some(names)}` };
          }
          // Argo CD goes on saying Synced and Healthy for minutes after an API server died.
          const dead = await whyUnreachable({ region, cluster });
          return dead === null ? { done: count } : { waiting: `${count}, but ${dead}` };
        },
      }),

    async checkHttp({ host, target, check, resolvers }) {
      const { outcome, observed } = await probe(deps, { host, target, check, resolvers });
      return {
        check: `${check.scheme} ${check.path}`,
        subject: `${host} at ${target.hostname}`,
        passed: outcome === 'good',
        observed,
        expected: `status ${check.expectStatus}`,
        at: new Date(clock.now()).toISOString(),
      };
    },
  };

  async function evidenceOf(wait: {
    readonly check: string;
    readonly subject: string;
    readonly expected: string;
    readonly deadlineSeconds: number;
    readonly look: () => Promise<Look<string>>;
  }): Promise<Evidence> {
    const { check, subject, expected, deadlineSeconds, look } = wait;
    const outcome = await pollFor(clock, { what: check, deadlineSeconds, look });
    const passed = 'done' in outcome;
    const at = new Date(clock.now()).toISOString();
    return { check, subject, passed, observed: passed ? outcome.done : outcome.lastSeen, expected, at };
  }

  async function whyUnreachable(at: { region: string; cluster: string }): Promise<string | null> {
    try {
      await kube.letsUsIn(at);
      return null;
    } catch (error) {
      const failure = asFailure(error);
      if ('type' in failure && failure.type?.startsWith('k8s.')) return failure.message;
      throw failure;
    }
  }
}

/** Argo CD has called an application Suspended whose CronJobs are, and in later versions Healthy. */
const isWell = (health: string, maySuspend: boolean): boolean =>
  health === 'Healthy' || (maySuspend && health === 'Suspended');

const nameOf = ({ kind, namespace, name, available, desired }: Workload): string =>
  `${kind} ${namespace}/${name} ${available}/${desired}`;

function some(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
