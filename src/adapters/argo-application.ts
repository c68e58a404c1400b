import { z } from 'zod';
import type { IgnoredDifference } from '../domain/ignored-differences.ts';

/** Under this name our sync requests carry their id, and Argo CD's record of the operation keeps it. */
export const REQUEST_ID = 'requestId';

/** An annotation that asks Argo CD to compare anew; it takes it off when it has. */
export const REFRESH = 'argocd.argoproj.io/refresh';

/** A sync, as Argo CD last recorded one. */
export interface SyncOperation {
  /** Running, Terminating, Failed, Error, Succeeded. */
  readonly phase: string;
  readonly message: string;
  /** Null when it was not asked for by us. */
  readonly requestId: string | null;
  readonly revision: string | null;
  /** ISO 8601; null while it runs. */
  readonly finishedAt: string | null;
  /** `Deployment web: reason`, of those that could not be applied. */
  readonly failedResources: readonly string[];
}

/** An object that an Application has in its cluster. */
export interface ManagedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface ApplicationState {
  readonly name: string;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
  readonly syncOptions: readonly string[];
  readonly ignoreDifferences: readonly IgnoredDifference[];
  /** Synced, OutOfSync, Unknown. */
  readonly sync: string;
  /** Healthy, Progressing, Degraded, Suspended, Missing, Unknown. */
  readonly health: string;
  readonly revision: string | null;
  /** When Argo CD last compared it with its source, ISO 8601. */
  readonly reconciledAt: string | null;
  /** It was asked to compare anew, and has not yet. */
  readonly refreshing: boolean;
  /** What was asked for and has not ended; the id is null when it was not us who asked. */
  readonly requested: { readonly requestId: string | null } | null;
  /** The last one that began. */
  readonly operation: SyncOperation | null;
  readonly objects: readonly ManagedObject[];
  /** Those of them that differ from the source. */
  readonly outOfSync: readonly ManagedObject[];
  /** Why it could not compare or sync, such as `ComparisonError: …`. */
  readonly problems: readonly string[];
  /** It undoes by itself what others change in the cluster. */
  readonly selfHeals: boolean;
}

const Revisions = z.object({ revision: z.string().nullish(), revisions: z.array(z.string()).nullish() });

const Operation = z.object({
  info: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});

const OperationState = z.object({
  phase: z.string(),
  message: z.string().nullish(),
  finishedAt: z.string().nullish(),
  operation: Operation.nullish(),
  syncResult: Revisions.extend({
    resources: z
      .array(
        z.object({
          kind: z.string().nullish(),
          name: z.string().nullish(),
          status: z.string().nullish(),
          hookPhase: z.string().nullish(),
          message: z.string().nullish(),
        }),
      )
      .nullish(),
  }).nullish(),
});

const Texts = z.array(z.string()).nullish();

const Ignored = z.object({
  group: z.string().nullish(),
  kind: z.string().nullish(),
  namespace: z.string().nullish(),
  name: z.string().nullish(),
  jsonPointers: Texts,
  jqPathExpressions: Texts,
  managedFieldsManagers: Texts,
});

const SyncPolicy = z.object({
  syncOptions: Texts,
  automated: z.object({ enabled: z.boolean().nullish(), selfHeal: z.boolean().nullish() }).nullish(),
});

const Application = z.object({
  metadata: z.object({
    name: z.string(),
    resourceVersion: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z
    .object({
      project: z.string().nullish(),
      syncPolicy: SyncPolicy.nullish(),
      ignoreDifferences: z.array(Ignored).nullish(),
    })
    .nullish(),
  operation: Operation.nullish(),
  status: z
    .object({
      sync: Revisions.extend({ status: z.string().nullish() }).nullish(),
      health: z.object({ status: z.string().nullish() }).nullish(),
      reconciledAt: z.string().nullish(),
      operationState: OperationState.nullish(),
      conditions: z.array(z.object({ type: z.string(), message: z.string().nullish() })).nullish(),
      resources: z
        .array(
          z.object({
            kind: z.string(),
            namespace: z.string().nullish(),
            name: z.string(),
            status: z.string().nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** Throws when an API server answers with something else than an Argo CD Application. */
export function parseApplication(answer: unknown): ApplicationState {
  const { metadata, spec, operation, status } = Application.parse(answer);
  const resources = status?.resources ?? [];
  const automated = spec?.syncPolicy?.automated;
  return {
    name: metadata.name,
    project: spec?.project ?? 'default',
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    resourceVersion: metadata.resourceVersion,
    syncOptions: spec?.syncPolicy?.syncOptions ?? [],
    ignoreDifferences: (spec?.ignoreDifferences ?? []).map(toIgnored),
    sync: status?.sync?.status ?? 'Unknown',
    health: status?.health?.status ?? 'Unknown',
    revision: revisionOf(status?.sync),
    reconciledAt: status?.reconciledAt ?? null,
    refreshing: metadata.annotations?.[REFRESH] !== undefined,
    requested: operation ? { requestId: requestIdOf(operation) } : null,
    operation: status?.operationState ? toOperation(status.operationState) : null,
    objects: resources.map(toManagedObject),
    outOfSync: resources.filter((one) => one.status === 'OutOfSync').map(toManagedObject),
    problems: (status?.conditions ?? [])
      .filter(({ type }) => type.endsWith('Error'))
      .map(({ type, message }) => `${type}: ${message ?? 'no message'}`),
    selfHeals: automated?.selfHeal === true && automated.enabled !== false,
  };
}

export function parseApplications(answer: unknown): ApplicationState[] {
  return z
    .object({ items: z.array(z.unknown()) })
    .parse(answer)
    .items.map(parseApplication);
}

const toIgnored = (said: z.infer<typeof Ignored>): IgnoredDifference => ({
  group: said.group ?? '',
  kind: said.kind ?? '',
  namespace: said.namespace || null,
  name: said.name || null,
  jsonPointers: said.jsonPointers ?? [],
  jqPathExpressions: said.jqPathExpressions ?? [],
  managedFieldsManagers: said.managedFieldsManagers ?? [],
});

function toOperation(state: z.infer<typeof OperationState>): SyncOperation {
  const failed = (state.syncResult?.resources ?? []).filter(
    ({ status, hookPhase }) => status === 'SyncFailed' || hookPhase === 'Failed' || hookPhase === 'Error',
  );
  return {
    phase: state.phase,
    message: state.message ?? '',
    requestId: requestIdOf(state.operation),
    revision: revisionOf(state.syncResult),
    finishedAt: state.finishedAt ?? null,
    failedResources: failed.map(({ kind, name, message }) => `${kind} ${name}: ${message ?? 'no message'}`),
  };
}

const toManagedObject = ({
  kind,
  namespace,
  name,
}: {
  kind: string;
  namespace?: string | null | undefined;
  name: string;
}): ManagedObject => ({ kind, namespace: namespace ?? '', name });

const requestIdOf = (operation: z.infer<typeof Operation> | null | undefined): string | null =>
  operation?.info?.find(({ name }) => name === REQUEST_ID)?.value ?? null;

/** An application of several sources has a revision for each. */
function revisionOf(of: z.infer<typeof Revisions> | null | undefined): string | null {
  const several = of?.revisions?.join(',');
  return of?.revision || several || null;
}
