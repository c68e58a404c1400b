// What preflight must know of the apps whose workloads change hands.
import type { Dependencies } from '../src/adapters/index.ts';
import { applicationName, type Environment, type HandoverWorkload } from '../src/domain/environment.ts';
import type { HandoverFacts } from '../src/domain/handover-preflight.ts';
import { argoAddress } from './argocd.ts';

export function handoverFacts(
  { argo, workloads: kube }: Pick<Dependencies, 'argo' | 'workloads'>,
  { region, argocd, apps }: Environment,
  blue: { readonly name: string } | null,
): Promise<HandoverFacts[]> {
  const facts = apps.map(async (app): Promise<HandoverFacts[]> => {
    if (!blue || !app.handover) return [];
    const at = { region, cluster: blue.name };
    const name = applicationName(app, blue.name);
    const [application, workloads] = await Promise.all([
      argo.findApplication(argoAddress(region, argocd), name),
      Promise.all(
        app.handover.workloads.map(async (workload) => {
          const nothing = { workload, found: true, schedule: null, startingDeadlineSeconds: null };
          const denied = await kube.denied(at, workload);
          // What may not be read cannot be missed.
          if (denied.length > 0) return { ...nothing, denied };
          const [{ version }, timing] = await Promise.all([kube.look(at, workload), kube.timing(at, workload)]);
          return { ...nothing, found: version !== null, ...timing, denied };
        }),
      ),
    ]);
    const { ignoreDifferences: ignored = [], syncOptions = [] } = application ?? {};
    return [{ app: app.name, application: application && { name, ignored, syncOptions }, workloads }];
  });
  return Promise.all(facts).then((found) => found.flat());
}

/** On blue, whoever they belong to. */
export const runningCronJobs = async (
  { workloads: kube }: Pick<Dependencies, 'workloads'>,
  { region }: Environment,
  blue: { readonly name: string } | null,
): Promise<readonly HandoverWorkload[]> => (blue ? kube.cronJobs({ region, cluster: blue.name }) : []);
