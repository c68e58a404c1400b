// What receives traffic in a cluster, and whose it is. Pure.

export type ReceiverKind = 'Ingress' | 'HTTPRoute' | 'Gateway' | 'Service';

/** An object of a cluster that has a load balancer, or is reached through one. */
export interface ExposedObject {
  readonly kind: ReceiverKind;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Host names that it answers to, lower case; `*.` may stand in front. */
  readonly hosts: readonly string[];
  /** Host names, or addresses, of its load balancers. */
  readonly loadBalancers: readonly string[];
}

/** What the catalogue reads of an Argo CD Application. */
export interface OwningApplication {
  readonly name: string;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly objects: readonly { readonly kind: string; readonly namespace: string; readonly name: string }[];
}

export interface Receiver extends Pick<ExposedObject, 'kind' | 'namespace' | 'name' | 'hosts' | 'loadBalancers'> {
  readonly app: string;
  /** The Argo CD Application that has it; null when none is known. */
  readonly application: string | null;
  /** Of the platform, which every cluster has. */
  readonly platform: boolean;
  readonly owner: string | null;
  /** Where its load balancer asks for its targets' health; null when it does not say. */
  readonly healthPath: string | null;
}

export const textOf = ({ kind, namespace, name }: { kind: string; namespace: string; name: string }): string =>
  `${kind} ${namespace}/${name}`;

const OWNER_ANNOTATION = 'eksodus.dev/owner';
const APP_LABEL = 'eksodus.dev/app';
const TIER_LABEL = 'eksodus.dev/tier';
const INSTANCE_LABEL = 'app.kubernetes.io/instance';
const TRACKING_ID = 'argocd.argoproj.io/tracking-id';
const HEALTH_PATH = 'alb.ingress.kubernetes.io/healthcheck-path';
/** By which people name apps on their objects, the more telling one first. */
const NAME_LABELS = [APP_LABEL, 'app.kubernetes.io/part-of', 'app.kubernetes.io/name', 'app'] as const;
/** Argo CD's own project for what has none. */
const NO_PROJECT = 'default';

/** Finds the app and the owner of objects of a cluster, given the cluster's Applications. */
export function receiversOf(
  objects: readonly ExposedObject[],
  {
    cluster,
    applications,
    ownerLabel,
  }: {
    readonly cluster: string;
    readonly applications: readonly OwningApplication[];
    readonly ownerLabel: string;
  },
): Receiver[] {
  const byName = new Map(applications.map((one) => [one.name, one]));
  const byObject = new Map(applications.flatMap((one) => one.objects.map((object) => [textOf(object), one.name])));
  return objects.map((object) => {
    const { kind, namespace, name, labels, annotations, hosts, loadBalancers } = object;
    const application = byObject.get(textOf(object)) ?? trackedBy(object) ?? instanceOf(labels, byName);
    const its = application === undefined ? undefined : byName.get(application);
    const named = NAME_LABELS.map((label) => labels[label]).find(Boolean);
    return {
      kind,
      namespace,
      name,
      hosts,
      loadBalancers,
      app:
        its?.labels[APP_LABEL] ??
        (application === undefined ? (named ?? namespace) : withoutCluster(application, cluster)),
      application: application ?? null,
      platform: its?.labels[TIER_LABEL] === 'platform',
      owner: ownerOf(object, its, ownerLabel),
      healthPath: annotations[HEALTH_PATH] ?? null,
    };
  });
}

/** Who says it nearest to the object says it best; an annotation was written for us, a label for everybody. */
function ownerOf(object: ExposedObject, application: OwningApplication | undefined, label: string): string | null {
  const project = application?.project === NO_PROJECT ? undefined : application?.project;
  const said = [
    object.annotations[OWNER_ANNOTATION],
    application?.annotations[OWNER_ANNOTATION],
    object.labels[label],
    application?.labels[label],
    project,
  ];
  return said.find((one) => one !== undefined && one !== '') ?? null;
}

/** `application:group/kind:namespace/name`. One that names another object was copied with it, and says nothing. */
function trackedBy({ kind, namespace, name, annotations }: ExposedObject): string | undefined {
  const [application, groupAndKind, object] = (annotations[TRACKING_ID] ?? '').split(':');
  const isItsOwn = groupAndKind?.split('/').at(-1) === kind && object === `${namespace}/${name}`;
  // Of an Application in another namespace than Argo CD's own, the namespace stands in front.
  return isItsOwn ? application?.split('_').at(-1) : undefined;
}

/** Charts set this label too, so it counts only when there is an Application of that name. */
function instanceOf(
  labels: ExposedObject['labels'],
  applications: ReadonlyMap<string, OwningApplication>,
): string | undefined {
  const instance = labels[INSTANCE_LABEL];
  return instance !== undefined && applications.has(instance) ? instance : undefined;
}

/** `messages-stg-1-33` is `messages` in every cluster. */
function withoutCluster(application: string, cluster: string): string {
  return application.replace(`-${cluster}`, '').replace(`${cluster}-`, '') || application;
}
