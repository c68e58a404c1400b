// One blue/green upgrade of an environment, from top to bottom. Read it as the runbook.
import {
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  sleep,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type { Actor, ClusterFacts } from '../activities/ports.ts';
import { greenName, type App } from '../src/domain/environment.ts';
import { migrationId, phaseId } from '../src/domain/ids.ts';
import { warnOf } from '../src/domain/catalogue-findings.ts';
import { judgePreflight } from '../src/domain/preflight.ts';
import { annotatedBefore } from '../src/domain/record-problems.ts';
import type { AppStatus, PhaseName } from '../src/domain/status.ts';
import { zoneAsker } from './ask-zone.ts';
import { bootstrap } from './bootstrap.ts';
import { restoreReplicasOf, whyNotBackToBlue } from './back-to-blue.ts';
import { seeAllServe } from './can-serve.ts';
import { longestTtlSeconds } from './colours.ts';
import { BLOCKED_BY_CATALOGUE, seeNothingForgotten } from './nothing-forgotten.ts';
import { decommission } from './decommission.ts';
import { proveHandedOver } from './handover.ts';
import {
  migrationSteerSignal,
  releaseSignal,
  turnSignal,
  type Steering,
  type UpgradeInput,
  type UpgradeResult,
} from './messages.ts';
import { migration } from './migration.ts';
import { giveBack } from './moves.ts';
import { proveNoTraffic } from './no-traffic.ts';
import { provision } from './provision.ts';
import { calls, waits } from './proxies.ts';
import { failureTypeOf, reasonOf } from './reason.ts';
import { stillAsked } from './still-asked.ts';
import { everyOne } from './settle.ts';
import { UpgradeBoard } from './upgrade-board.ts';
import { verify } from './verify.ts';

export async function upgrade(input: UpgradeInput): Promise<UpgradeResult> {
  const { environment } = input;
  const migrations = new Map<string, ChildWorkflowHandle<typeof migration>>();
  /** The live cluster's parameter may name green already. */
  let liveMoves = false;
  /** A person was told of a record of blue that is not there any more, and resumed. */
  let mayMiss = false;
  /** Names of an external-dns, by app, as preflight found. */
  let annotated: ReturnType<typeof annotatedBefore> = new Map();
  /** Migrations that were ended from outside, with why. */
  const lost = new Map<string, ApplicationFailure>();
  // A migration that has ended hears nothing, and needs not.
  const tell = async (steering: Steering): Promise<void> => {
    await Promise.allSettled([...migrations.values()].map((handle) => handle.signal(migrationSteerSignal, steering)));
  };
  const board = new UpgradeBoard(input, tell);
  const ask = zoneAsker();
  const actor: Actor = { environment: environment.name, region: environment.region, run: board.run };
  const green = greenName(environment);

  const wayForward = new CancellationScope();
  condition(() => board.turn !== undefined)
    .then(() => wayForward.cancel())
    .catch(() => undefined);
  try {
    await wayForward.run(async () => {
      const blue = await phase('preflight', preflight);
      const built = await phase('provision', (attempt) =>
        executeChild(provision, {
          workflowId: phaseId('provision', environment.name, attempt),
          args: [{ environment, actor, cluster: green }],
        }),
      );
      await phase('bootstrap', (attempt) =>
        executeChild(bootstrap, {
          workflowId: phaseId('bootstrap', environment.name, attempt),
          args: [{ environment, actor, blue: blue.name, green: built, attempt }],
        }),
      );
      await phase('verify', (attempt) =>
        executeChild(verify, {
          workflowId: phaseId('verify', environment.name, attempt),
          args: [{ environment, actor, green }],
        }),
      );
      await board.awaitApproval('migrate', `${green} is built and checked; traffic would begin to move`);
      // An app that its owner takes back is waited for again, and what was soaked without it soaks anew.
      let isDismantled = false;
      do {
        await phase('migrate', () => migrate(blue.name));
        await phase('soak', soak);
        const isApproved = await board.awaitApproval(
          'decommission',
          `all apps are on ${green}; ${blue.name} would be deleted, and there is no going back from that${await stillAsked(environment, blue.name)}`,
          () => board.allOnGreen,
        );
        if (!isApproved || !board.allOnGreen) continue;
        isDismantled = await phase('decommission', (attempt) => dismantleBlue(blue, attempt));
        if (!isDismantled) board.finish('decommission', 'pending');
      } while (!isDismantled);
    });
  } catch (error) {
    if (!isCancellation(error) || !board.turn) throw error;
    return await CancellationScope.nonCancellable(turnBack);
  } finally {
    await condition(allHandlersFinished);
  }
  return board.end('succeeded', `${environment.name} runs on ${green}; ${board.blue?.name ?? 'blue'} is deleted`);

  /** Walks one phase until it is done. What fails holds for a person, who mends it and resumes, or rolls back. */
  async function phase<T>(name: PhaseName, walk: (attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (!board.turn) await board.whilePaused(name);
      board.begin(name);
      try {
        const result = await walk(attempt);
        board.finish(name, 'done');
        return result;
      } catch (error) {
        if (isCancellation(error)) throw error;
        // Work that is cancelled may end as if it had failed: that is nothing for a person to mend.
        if (CancellationScope.current().consideredCancelled) throw new CancelledFailure(reasonOf(error));
        board.finish(name, 'failed');
        const isBlocked = name === 'preflight' || failureTypeOf(error) === BLOCKED_BY_CATALOGUE;
        await board.holdForRetry(isBlocked ? 'blocker' : 'failure', name, error);
        if (board.givenUp) throw error;
      }
    }
  }

  async function preflight(): Promise<ClusterFacts> {
    const facts = await calls.gatherPreflight({ environment, run: board.run });
    // Known before anything is judged: the way back needs it, whatever the findings say.
    board.blue = (facts.blue && (await calls.describeCluster({ actor, cluster: facts.blue.name }))) ?? undefined;
    annotated = annotatedBefore(environment, facts);
    board.findings = judgePreflight(environment, facts, board.run);
    const blockers = board.findings.filter(({ severity }) => severity === 'blocker');
    if (blockers.length > 0)
      throw ApplicationFailure.nonRetryable(
        blockers.map(({ subject, what, todo }) => `${subject}: ${what} (${todo})`).join('; '),
        'preflight.blocked',
      );
    if (!board.blue) throw ApplicationFailure.nonRetryable('the live cluster is gone', 'preflight.blocked');
    const uncatalogued = await waits.findUncatalogued({ environment, cluster: board.blue.name });
    board.findings = [...board.findings, ...warnOf(uncatalogued, board.blue.name, facts.at)];
    return board.blue;
  }

  /** All apps move at once, each by its own steps and in its turn; the phase ends when every one is on green. */
  async function migrate(blue: string): Promise<void> {
    await Promise.all(
      environment.apps.filter(({ name }) => !migrations.has(name)).map((app) => startMigration(app, blue)),
    );
    // A pause that was given while they started has reached only those that were there.
    if (board.paused) await board.steer({ retry: false });
    while (!board.allOnGreen && lost.size === 0) {
      await condition(() => board.allOnGreen || lost.size > 0 || board.mayBegin.length > 0 || board.mustStop);
      if (board.mustStop) await board.stopNewSteps();
      await Promise.all(board.mayBegin.map(letBegin));
    }
    const [failure] = lost.values();
    lost.clear();
    if (failure) throw failure;
  }

  async function startMigration(app: App, blue: string): Promise<void> {
    board.listenAnew(app.name);
    const handle = await startChild(migration, {
      workflowId: migrationId(environment.name, app.name),
      // Of all the apps it needs its own: with each one's copy of all, the history would grow with their square.
      args: [{ environment: { ...environment, apps: [app] }, app, actor, blue, green, ...board.standing }],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
    migrations.set(app.name, handle);
    void handle
      .result()
      .then((end) => judgeEnd(app.name, end))
      .catch((error: unknown) => {
        if (board.turn || isCancellation(error)) return;
        // It is started anew when a person resumes.
        migrations.delete(app.name);
        lost.set(app.name, ApplicationFailure.nonRetryable(reasonOf(error), 'migration.ended'));
      });
  }

  /** One failed app takes all back at once, when the environment says so; nobody waits for the others' steps. */
  function judgeEnd(app: string, { state, failed }: AppStatus): void {
    if (state === 'on-green' || board.turn) return;
    if (failed === undefined)
      throw ApplicationFailure.nonRetryable(
        `the migration of ${app} was ended from outside (${state})`,
        'migration.ended',
      );
    board.turnBack({ kind: 'roll-back', by: 'eksodus', reason: `${app}: ${failed}`, removeGreen: false });
  }

  async function letBegin(app: string): Promise<void> {
    board.grant(app);
    await migrations.get(app)?.signal(turnSignal);
  }

  /**
   * No app is watched by its migration any more, nor can its owner take it back: only the upgrade as a whole can. False:
   * an owner was sooner.
   */
  async function letGo(): Promise<boolean> {
    if (!board.allOnGreen) return false;
    await Promise.allSettled([...migrations.values()].map((handle) => handle.signal(releaseSignal)));
    const ended = everyOne([...migrations.values()].map((handle) => handle.result()));
    ended.catch(() => undefined);
    return Promise.race([ended.then(() => true), condition(() => board.status.apps.some(hasLeft)).then(() => false)]);
  }

  /**
   * Nothing of blue is touched, and rollback stays possible, until green is seen to serve and blue to have no traffic.
   * False: an app has left green before it was let go, which it may do while something holds here.
   */
  async function dismantleBlue(blue: ClusterFacts, attempt: number): Promise<boolean> {
    if (!board.isPastReturn) {
      if (!board.allOnGreen) return false;
      await seeNothingForgotten(environment, blue.name);
      if (!(await letGo())) return false;
    }
    await seeAllServe({ actor, environment, green });
    // Once its deletion has begun blue is half gone; nothing could start on it any more.
    if (!board.isPastReturn) await proveHandedOver({ actor, environment, blue: blue.name, green });
    await proveIdle(blue.name, { mustBeThere: !board.isPastReturn && !mayMiss }).catch((error: unknown) => {
      mayMiss ||= failureTypeOf(error) === 'drift.detected';
      throw error;
    });
    liveMoves = true;
    await calls.writeLiveCluster({ actor, parameter: environment.live.parameter, cluster: green });
    board.passPointOfNoReturn();
    await dismantle(blue, attempt);
    return true;
  }

  /** Ends early when an app leaves green. */
  async function soak(): Promise<void> {
    if (environment.soakSeconds > 0) await condition(() => !board.allOnGreen, environment.soakSeconds * 1000);
  }

  async function proveIdle(cluster: string, expected: { readonly mustBeThere: boolean }): Promise<void> {
    const startedAt = new Date().toISOString();
    const evidence = await proveNoTraffic(environment, cluster, expected);
    const item = {
      name: 'proof that no traffic is left',
      state: 'done',
      startedAt,
      endedAt: new Date().toISOString(),
    } as const;
    board.record('decommission', item, evidence);
  }

  async function dismantle(
    { name, oidcIssuer }: Pick<ClusterFacts, 'name' | 'oidcIssuer'>,
    attempt: number,
  ): Promise<void> {
    await executeChild(decommission, {
      workflowId: phaseId('decommission', environment.name, attempt),
      args: [{ environment, actor, cluster: name, oidcIssuer, attempt }],
    });
  }

  /** Abort leaves the world as it is. Rollback gives all traffic to blue first, and then, if asked, removes green. */
  async function turnBack(): Promise<UpgradeResult> {
    const { turn, blue } = board;
    await Promise.all([...migrations.values()].map((handle) => handle.result().catch(() => undefined)));
    if (turn?.kind !== 'roll-back')
      return board.end('aborted', `stopped by ${turn?.by ?? 'nobody'}: ${turn?.reason ?? ''}`);
    const why = `${turn.reason} (${turn.by})`;
    // Preflight makes nothing and moves nothing.
    if (!blue || !board.hasBegun('provision')) return board.end('rolled-back', `${why}; nothing had been changed`);
    try {
      await phase('migrate', (attempt) => giveAllToBlue(blue.name, attempt));
      const removed = turn.removeGreen ? await removeGreen() : await restoreAll();
      return board.end('rolled-back', `${why}; all traffic is on ${blue.name}${removed}`);
    } catch (error) {
      if (!board.givenUp) throw error;
      const { by, reason } = board.givenUp;
      return board.end(
        'aborted',
        `${why}; the rollback was given up by ${by}: ${reason}. Look at weights and clusters`,
      );
    }
  }

  async function restoreAll(): Promise<string> {
    const raised = environment.apps.filter(({ name }) => board.isRaised(name));
    return restoreReplicasOf(raised, { actor, environment, green });
  }

  /** Only what this run made: a cluster of the same name that belongs to somebody else stays, and so does its registration. */
  async function removeGreen(): Promise<string> {
    let oidcIssuer = '';
    return phase('decommission', async (attempt) => {
      const found = await calls.describeCluster({ actor, cluster: green });
      if (found && found.run !== board.run) return `; ${green} was not made by this upgrade and stays`;
      // Kept from the first look: once the cluster is gone nobody could tell.
      oidcIssuer = found?.oidcIssuer ?? oidcIssuer;
      await proveIdle(green, { mustBeThere: false });
      await dismantle({ name: green, oidcIssuer }, attempt);
      return `; ${green} is removed`;
    });
  }

  /** The first attempt asks blue before, app by app; a person who resumes has decided to go back all the same. */
  async function giveAllToBlue(blue: string, attempt: number): Promise<void> {
    const { apps } = environment;
    const fails = new Map<string, string>();
    if (attempt === 1)
      await Promise.all(
        apps.map(async (app) => {
          const why = await whyNotBackToBlue({ actor, environment, app, blue, green });
          if (why !== undefined) fails.set(app.name, why);
        }),
      );
    const going = apps.filter(({ name }) => !fails.has(name));
    const back = { ask, actor, environment, blue, green };
    const changed = await everyOne(
      going.map((app) => giveBack({ ...back, app, known: annotated.get(app.name) ?? [] })),
    );
    board.showOnBlue(going.map(({ name }) => name));
    if (fails.size > 0)
      throw ApplicationFailure.nonRetryable(
        `blue does not answer: ${[...fails.values()].join('; ')}. Resume goes back to it all the same`,
        'checks.failed',
      );
    if (liveMoves) await calls.writeLiveCluster({ actor, parameter: environment.live.parameter, cluster: blue });
    // Caches may have green's answers still: an app, or an attempt before this one, may have gone back a moment ago.
    if (!changed.some(Boolean) && !board.status.apps.some(({ history }) => history.length > 0)) return;
    const ttls = apps.map((app) => longestTtlSeconds({ environment, app }).catch(() => LOAD_BALANCER_TTL_SECONDS));
    await wait(Math.max(...(await Promise.all(ttls))) + environment.drainSeconds);
  }
}

/** Traffic of it has left green. */
const hasLeft = ({ state, greenPercent }: AppStatus): boolean => state !== 'on-green' && greenPercent < 100;

/** What AWS gives the names of load balancers; for when the zone's name servers cannot be asked. */
const LOAD_BALANCER_TTL_SECONDS = 60;

/** No timer for no time: the server's timers take a second at least. */
async function wait(seconds: number): Promise<void> {
  if (seconds > 0) await sleep(seconds * 1000);
}
