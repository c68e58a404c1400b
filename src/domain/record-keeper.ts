/** The external-dns that has an app's record in one cluster, and whether it can be worked with. Pure. */
import { ignoreSnippet, leavesAnnotation, type ArgoPolicy } from './argo-differences.ts';
import { mayWrite, readAnnotations, type DnsAnnotations, type ExternalDns } from './external-dns.ts';
import type { Claim } from './record-owner.ts';

/** What one cluster says of an app's records. */
export interface ColourFacts {
  readonly cluster: string;
  readonly externalDns: readonly ExternalDns[];
  /** Of the app's Ingress; null: there is none. */
  readonly annotations: Readonly<Record<string, string>> | null;
  /** The Argo CD Application that makes the Ingress; null: there is none. */
  readonly application: ArgoPolicy | null;
}

/** A name of an app, and where external-dns would find it. */
export interface RecordName {
  readonly host: string;
  readonly zoneId: string;
  readonly isPrivate: boolean;
  readonly ingress: { readonly namespace: string; readonly name: string };
  /** The owner id that each cluster's external-dns is to have; `{cluster}` is replaced. */
  readonly ownerPattern: string;
}

/** Why a name is not moved, and what a person can do about it. */
export interface RecordProblem {
  readonly id: string;
  readonly subject: string;
  readonly what: string;
  readonly todo: string;
}

/** The external-dns of one cluster, whose record has the cluster's name for its set identifier, and the annotation that tells it the weight. */
export interface Keeper {
  readonly cluster: string;
  /** `namespace/name`. */
  readonly deployment: string;
  readonly ownerId: string;
  readonly annotation: string;
  /** When all is well, a change of the annotation is in Route 53 within so long. */
  readonly followsWithinSeconds: number;
}

/** Route 53 takes weights to 255. What is no such number external-dns takes for 0. */
const WEIGHT = /^(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/;

/** `claim`: what the registry says of the cluster's record, where it has one already. */
export function findKeeper(
  { host, zoneId, isPrivate, ingress, ownerPattern }: RecordName,
  { cluster, externalDns, annotations, application }: ColourFacts,
  claim: Claim | undefined,
): { readonly keeper: Keeper } | { readonly problems: readonly RecordProblem[] } {
  const problems: RecordProblem[] = [];
  const add = (id: string, subject: string, what: string, todo: string): void =>
    void problems.push({ id: `record.${id}`, subject, what, todo });
  const named = ownerPattern.replaceAll('{cluster}', cluster);
  const wanted = claim?.owner ?? named;
  const [dns, ...twins] = externalDns.filter(({ ownerId }) => ownerId === wanted);
  if (!dns) {
    const there = externalDns.map(({ deployment, ownerId }) => `${deployment} has ${ownerId ?? 'one we cannot read'}`);
    add(
      'owner-id',
      host,
      `the owner id of its record is "${wanted}", and no Deployment of external-dns on ${cluster} says it has that (${there.join(', ') || 'there is none'})`,
      'run that external-dns on this cluster with --txt-owner-id in its Deployment, or hand the name over',
    );
    return { problems };
  }
  const subject = `external-dns ${dns.deployment} on ${cluster}`;
  if (twins.length > 0)
    add(
      'owner-id',
      host,
      `${twins.length + 1} external-dns on ${cluster} have owner id "${wanted}"`,
      'keep one of them',
    );
  else if (wanted !== named)
    add(
      'owner-id',
      subject,
      `its owner id is "${wanted}", and externalDnsOwner says "${named}": green’s may be the same as blue’s`,
      'give each cluster’s external-dns an owner id with the cluster’s name in it, and write that into externalDnsOwner',
    );
  const { policy, intervalSeconds, cacheSeconds, annotationPrefix, isDryRun, isRunning } = dns;
  const unread = [
    policy === null ? '--policy' : '',
    intervalSeconds === null ? '--interval' : '',
    cacheSeconds === null ? '--txt-cache-interval, --provider-cache-time' : '',
    annotationPrefix === null ? '--annotation-prefix' : '',
  ].filter(Boolean);
  if (unread.length > 0)
    add('unreadable', subject, `its Deployment does not tell ${unread.join(', ')}`, 'set it there as an argument');
  if (policy === 'create-only' || isDryRun)
    add(
      'policy',
      subject,
      `it changes no record that is there (${isDryRun ? '--dry-run' : `--policy=${policy}`})`,
      'run it with --policy=sync',
    );
  if (!isRunning) add('not-running', subject, 'none of its pods is ready', 'have it run: it alone changes its records');
  if (!mayWrite(dns, { host, zoneId, isPrivate }))
    add(
      'not-running',
      subject,
      `its filters leave ${host} out`,
      'correct its --domain-filter, --zone-id-filter or --aws-zone-type',
    );

  const resource = `ingress/${ingress.namespace}/${ingress.name}`;
  if (claim && claim.resource !== null && claim.resource !== resource)
    add(
      'others',
      host,
      `external-dns made its record for ${claim.resource}, not for the app’s ${resource}`,
      'correct apps[].ingress, or hand the name over',
    );
  if (annotations === null) add('set-identifier', host, `${cluster} has no ${resource}`, 'correct apps[].ingress');
  if (annotations === null || annotationPrefix === null || intervalSeconds === null || cacheSeconds === null)
    return { problems };

  const said = readAnnotations(annotations, annotationPrefix);
  const { setIdentifier, weight, isForOther } = said;
  const annotation = `${annotationPrefix}aws-weight`;
  const byHand = `annotate ${resource} on ${cluster} with ${annotationPrefix}set-identifier: ${cluster} and ${annotation}, in Git`;
  if (setIdentifier !== cluster)
    add(
      'set-identifier',
      host,
      `${resource} on ${cluster} has ${setIdentifier === null ? 'no set identifier' : `the set identifier "${setIdentifier}"`}, expected the name of its cluster`,
      byHand,
    );
  else if (claim && claim.setIdentifier !== setIdentifier)
    add(
      'set-identifier',
      host,
      `its record has ${claim.setIdentifier === null ? 'no set identifier' : `set identifier "${claim.setIdentifier}"`}, and ${resource} on ${cluster} says "${setIdentifier}"`,
      'wait until external-dns has changed it',
    );
  if (weight === null || !WEIGHT.test(weight))
    add(
      'weight',
      host,
      `${resource} on ${cluster} has ${weight === null ? 'no weight' : `the weight "${weight}"`}, expected a whole number from 0 to 255`,
      byHand,
    );
  if (!mayPublish(dns, said, host))
    add(
      'not-published',
      host,
      `external-dns ${dns.deployment} on ${cluster} does not publish it for ${resource}`,
      `give it --source=ingress, and name ${host} in the annotation ${annotationPrefix}hostname`,
    );
  if (isForOther)
    add(
      'others',
      host,
      `${resource} on ${cluster} is left to another controller (${annotationPrefix}controller)`,
      'remove that annotation',
    );
  if (application && !leavesAnnotation(application, annotation, ingress))
    add(
      'argocd-resets',
      host,
      `Argo CD’s Application ${application.name} ${application.selfHeals ? 'heals itself: it puts the weight back at once' : 'would be OutOfSync, and put the weight back at its next sync'}`,
      `add to ${application.name}, in its ApplicationSet: ${ignoreSnippet(annotation)}`,
    );
  if (problems.length > 0) return { problems };
  const followsWithinSeconds = intervalSeconds + cacheSeconds;
  return { keeper: { cluster, deployment: dns.deployment, ownerId: wanted, annotation, followsWithinSeconds } };
}

/** False when it surely does not: hosts of the Ingress's rules are not known here. */
function mayPublish(
  { sources, readsIngressRules }: ExternalDns,
  { hostnames, hostnameSource }: DnsAnnotations,
  host: string,
): boolean {
  const byAnnotation = hostnameSource !== 'defined-hosts-only' && hostnames.includes(host.toLowerCase());
  const mayByRules = hostnameSource !== 'annotation-only' && readsIngressRules;
  return sources.includes('ingress') && (byAnnotation || mayByRules);
}
