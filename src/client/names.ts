// The environment's names: whose they are, and how they change hands. All of it is done by the worker, which has the rights.
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import type { adoption, AdoptionInput, AdoptionResult } from '../../workflows/adoption.ts';
import type { names, NamesInput } from '../../workflows/names.ts';
import * as messages from '../../workflows/messages.ts';
import { driftOf, type LastChange, type NamesView, type NameView } from '../domain/dns-view.ts';
import type { Environment, HostedZone } from '../domain/environment.ts';
import { adoptionId, namesId, TASK_QUEUE, zoneId } from '../domain/ids.ts';
import type { AppList, Apps } from './apps.ts';
import { ClientError, ranOutOfTime } from './errors.ts';
import type { Addressee, Temporal } from './temporal.ts';

export interface NameReport extends NameView {
  /** By the zone's writer; absent when that has not changed it. */
  readonly lastChange?: LastChange;
  /** What is not as the app's migration last had it. */
  readonly drift?: string;
}

export interface NamesReport extends Omit<NamesView, 'names'> {
  readonly names: readonly NameReport[];
}

type Wanted = AdoptionInput['wanted'];

/** A look asks every zone, both clusters and the name servers. */
const LOOK_WITHIN_MS = 60_000;
/** What an app in these states has in the zone is what its migration has told. */
const SETTLED = new Set<string>(['baking', 'holding', 'waiting', 'on-green', 'on-blue']);

export class Names {
  readonly #temporal: Temporal;
  readonly #apps: Apps;

  constructor(temporal: Temporal, apps: Apps) {
    this.#temporal = temporal;
    this.#apps = apps;
  }

  /** @throws ClientError `not-found` for a host that is no app's */
  async show(environment: Environment, host?: string): Promise<NamesReport> {
    if (host !== undefined) knownHost(environment, host);
    const hosts = host === undefined ? null : [host];
    const [view, changes, believed] = await Promise.all([
      this.#look({ environment, hosts }),
      Promise.all(environment.zones.map((zone) => this.#lastChanges(environment, zone))),
      this.#list(environment.name),
    ]);
    const changesIn = new Map(environment.zones.map(({ id }, index) => [id, changes[index] ?? {}]));
    return {
      ...view,
      names: view.names.map((name): NameReport => {
        const lastChange = changesIn.get(name.zone.id)?.[name.host];
        const drift = driftOf(name, view.green, believedPercent(believed, name.app));
        return Object.assign({}, name, lastChange && { lastChange }, drift === undefined ? {} : { drift });
      }),
    };
  }

  /** Ends when the name has changed hands and stayed so, or is as before. */
  async move(environment: Environment, host: string, wanted: Wanted, asker: messages.Asker): Promise<AdoptionResult> {
    const { name } = environment;
    const app = knownHost(environment, host);
    const list = await this.#list(name);
    if (list) mayChangeHands(list, app, wanted);
    const to = addressee(name, adoptionId(name, host));
    try {
      const handle = await this.#temporal.inTime(() =>
        this.#temporal.client.workflow.start<typeof adoption>('adoption', {
          workflowId: to.workflowId,
          taskQueue: TASK_QUEUE,
          workflowIdConflictPolicy: 'FAIL',
          args: [{ environment, host, wanted, ...asker }],
        }),
      );
      return await handle.result();
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError)
        throw new ClientError('already-running', `${host} is changing hands already`, error);
      if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure)
        throw new Error(error.cause.message, { cause: error });
      throw this.#temporal.explain(error, to);
    }
  }

  async #look(input: NamesInput): Promise<NamesView> {
    const { name } = input.environment;
    const to = addressee(name, namesId(name, randomUUID()));
    const { client } = this.#temporal;
    try {
      return await client.withDeadline(Date.now() + LOOK_WITHIN_MS, () =>
        client.workflow.execute<typeof names>('names', {
          workflowId: to.workflowId,
          taskQueue: TASK_QUEUE,
          workflowExecutionTimeout: LOOK_WITHIN_MS,
          args: [input],
        }),
      );
    } catch (error) {
      if (ranOutOfTime(error))
        throw new ClientError(
          'unreachable',
          `no worker has looked within ${LOOK_WITHIN_MS / 1000} s. Is one running? eksodus worker`,
          error,
        );
      if (error instanceof WorkflowFailedError)
        throw new Error(error.cause?.message ?? error.message, { cause: error });
      throw this.#temporal.explain(error, to);
    }
  }

  /** A zone that nobody has written yet has no writer. */
  async #lastChanges({ name }: Environment, { id }: HostedZone): Promise<Readonly<Record<string, LastChange>>> {
    return unlessUnknown(this.#temporal.query(addressee(name, zoneId(id)), messages.lastChangesQuery), {});
  }

  #list(environment: string): Promise<AppList | undefined> {
    return unlessUnknown(this.#apps.list(environment), undefined);
  }
}

/** @throws ClientError `refused` while an upgrade relies on who has the app's names */
function mayChangeHands({ upgrade, apps }: AppList, app: string, { kind }: Wanted): void {
  const { environment, endedAt, phases } = upgrade;
  if (endedAt !== undefined) return;
  const refuse = (why: string): never => {
    throw new ClientError('refused', `${why}. See it: eksodus apps show ${environment} ${app}`);
  };
  const state = apps.find((one) => one.app === app)?.state ?? 'not-begun';
  if (state !== 'not-begun') refuse(`${app} is being moved (${state}): its names change hands before or after that`);
  // A rollback writes the names that preflight saw to be ours without asking again: external-dns would undo that.
  const isPastPreflight = phases.some((phase) => phase.name !== 'preflight' && phase.state !== 'pending');
  if (kind === 'release' && isPastPreflight)
    refuse(`${environment} is being upgraded, and relies on the names that are ours: they are released after that`);
}

async function unlessUnknown<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ClientError && error.kind === 'not-found') return otherwise;
    throw error;
  }
}

function believedPercent(list: AppList | undefined, app: string): number | undefined {
  if (!list || list.upgrade.endedAt !== undefined) return undefined;
  const found = list.apps.find((one) => one.app === app);
  return found && SETTLED.has(found.state) ? found.greenPercent : undefined;
}

/** The app whose host it is. */
function knownHost({ name, apps }: Environment, host: string): string {
  const app = apps.find(({ hosts }) => hosts.some((one) => one.name === host));
  if (app) return app.name;
  const known = [...new Set(apps.flatMap(({ hosts }) => hosts.map((one) => one.name)))];
  const some = known.length > 5 ? `${known.slice(0, 5).join(', ')} and ${known.length - 5} more` : known.join(', ');
  throw new ClientError('not-found', `${host} is no host of an app of ${name}. It has: ${some}.`);
}

const addressee = (environment: string, workflowId: string): Addressee => ({
  workflowId,
  environment,
  look: `eksodus dns show ${environment}`,
  unknown: { kind: 'not-found', message: `${workflowId} is not known` },
});
