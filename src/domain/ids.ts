/** Every workflow id of the product is made here. One environment has one upgrade, one hosted zone one writer. */
export const upgradeId = (environment: string): string => `upgrade/${environment}`;
export const phaseId = (phase: string, environment: string, attempt: number): string =>
  `${phase}/${environment}/${attempt}`;
export const migrationId = (environment: string, app: string): string => `migration/${environment}/${app}`;
export const discoverId = (environment: string): string => `discover/${environment}`;
export const zoneId = (hostedZoneId: string): string => `zone/${hostedZoneId}`;

export const adoptionId = (environment: string, host: string): string => `adoption/${environment}/${host}`;
/** `look`: makes it this look's own. */
export const namesId = (environment: string, look: string): string => `names/${environment}/${look}`;

/** The task queue on which the product's workflows and activities run. */
export const TASK_QUEUE = 'eksodus';

/** Tags that the product puts on what it makes, and by which it knows its own again. */
export const TAGS = {
  environment: 'eksodus:environment',
  /** The upgrade's workflow id and first run id: what carries another run's is never adopted. */
  run: 'eksodus:run',
} as const;

/** Labels and annotations the product reads on Argo CD Applications. */
export const ARGO = {
  cluster: 'eksodus.dev/cluster',
  app: 'eksodus.dev/app',
  tier: 'eksodus.dev/tier',
  /** Comma-separated names of the apps that must be healthy first. */
  needs: 'eksodus.dev/needs',
} as const;

/** Annotations that the product leaves on workloads that change hands. */
export const HANDOVER = {
  /** While one side is stopped and the other not yet started: what to start, and since when neither runs. */
  stopped: 'eksodus.dev/stopped',
  /** Written before the other side is started, so that a start that was asked for earlier comes too late. */
  fence: 'eksodus.dev/kept-stopped',
} as const;
