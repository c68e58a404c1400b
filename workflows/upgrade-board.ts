// The state of one upgrade as people see it, and the commands by which they steer it.
import { ApplicationFailure, condition, setHandler, workflowInfo } from '@temporalio/workflow';
import type { ClusterFacts } from '../activities/ports.ts';
import { greenName, type ApprovalPoint } from '../src/domain/environment.ts';
import { refusePerson, type CommandName } from '../src/domain/permissions.ts';
import {
  PHASES,
  type AppStatus,
  type Evidence,
  type Finding,
  type Hold,
  type HoldKind,
  type PhaseName,
  type PhaseStatus,
  type UpgradeState,
  type UpgradeStatus,
  type WorkItem,
} from '../src/domain/status.ts';
import { mayBegin } from '../src/domain/turns.ts';
import { FailureStop } from './failure-stop.ts';
import * as messages from './messages.ts';
import { adviceOf, reasonOf } from './reason.ts';

type Approval = messages.Asker & { readonly point: ApprovalPoint };

/** How the way forward ends early: the weights go back to blue, or the run stops where it stands. */
export type Turn =
  | {
      readonly kind: 'roll-back';
      readonly by: string;
      readonly reason: string;
      readonly removeGreen: boolean;
    }
  | { readonly kind: 'abort'; readonly by: string; readonly reason: string };

export class UpgradeBoard {
  readonly environment: string;
  blue: ClusterFacts | undefined;
  turn: Turn | undefined;
  /** Who ended a rollback that held, and why. */
  givenUp: { readonly by: string; readonly reason: string } | undefined;
  paused = false;
  findings: readonly Finding[] = [];
  #pausedBecause = '';
  #retries = 0;
  #approved = new Set<ApprovalPoint>();
  #hold: Hold | undefined;
  #noWayBack = false;
  #phases: PhaseStatus[] = PHASES.map((name) => ({ name, state: 'pending', items: [] }));
  #apps = new Map<string, AppStatus>();
  #granted = new Map<string, string>();
  /** The number of the latest word of each app. */
  #heard = new Map<string, number>();
  #evidence: Evidence[] = [];
  #ended: { state: UpgradeState; outcome: string; at: string } | undefined;
  readonly #startedAt = new Date().toISOString();
  readonly #input: messages.UpgradeInput;
  readonly #tell: (steering: messages.Steering) => Promise<void>;
  readonly #stop: FailureStop;

  /** Registers all handlers, so it is made before the workflow's first await. */
  constructor(input: messages.UpgradeInput, tell: (steering: messages.Steering) => Promise<void>) {
    this.environment = input.environment.name;
    this.#input = input;
    this.#tell = tell;
    this.#stop = new FailureStop(input.environment.stopAfterFailedApps);
    setHandler(messages.statusQuery, () => this.status);
    setHandler(messages.workSignal, ({ phase, item, evidence }) => this.record(phase, item, evidence));
    setHandler(messages.appProgressSignal, (app, revision) => this.#hear(app, revision));
    setHandler(messages.pauseUpdate, (ask) => this.#pause(ask), {
      validator: (ask: messages.Asker) => this.#check('upgrade pause', ask, () => this.#mayPause()),
    });
    setHandler(messages.resumeUpdate, () => this.#resume(), {
      validator: (ask: messages.Asker) => this.#check('upgrade resume', ask, () => this.#mayResume()),
    });
    setHandler(messages.approveUpdate, ({ point }) => this.#approve(point), {
      validator: (ask: Approval) => this.#check('upgrade approve', ask, () => this.#mayApprove(ask.point)),
    });
    setHandler(messages.rollbackUpdate, (ask) => this.#rollBack(ask), {
      validator: (ask: messages.Asker) => this.#check('upgrade rollback', ask, () => this.#mayTurn('roll back')),
    });
    setHandler(messages.abortUpdate, (ask) => this.#abort(ask), {
      validator: (ask: messages.Asker) => this.#check('upgrade abort', ask, () => this.#mayAbort()),
    });
  }

  /** Tells all migrations how things stand. */
  steer({ retry }: { readonly retry: boolean }): Promise<void> {
    return this.#tell({ ...this.standing, retry });
  }

  /** What migrations are told of it. */
  get standing(): Omit<messages.Steering, 'retry'> {
    return { paused: this.paused, ...this.#stop.standing };
  }

  /** Too many apps have failed at their gates. */
  get mustStop(): boolean {
    return this.turn === undefined && this.#stop.isDue(this.#apps.values());
  }

  /** What is under way is finished and watched; going back is always allowed. A resume ends it. */
  async stopNewSteps(): Promise<void> {
    this.#stop.hold = this.#makeHold(this.#stop.why(this.#apps.values()), 'resume');
    await this.steer({ retry: false });
  }

  get run(): string {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    return `${workflowId}/${firstExecutionRunId}`;
  }

  get status(): UpgradeStatus {
    const { environment, startedBy } = this.#input;
    const { blue } = this;
    return {
      environment: environment.name,
      run: this.run,
      state: this.#state(),
      ...(blue ? { blue: { name: blue.name, version: blue.version } } : {}),
      green: { name: greenName(environment), version: environment.target.version },
      startedAt: this.#startedAt,
      startedBy,
      ...(this.#ended ? { endedAt: this.#ended.at, outcome: this.#ended.outcome } : {}),
      wayBack: this.#wayBack,
      phases: this.#phases,
      apps: environment.apps.flatMap((app) => this.#apps.get(app.name) ?? []),
      holds: this.#holds(),
      findings: this.findings,
      evidence: this.#evidence,
    };
  }

  /** After the weights of these apps went back. */
  showOnBlue(apps: readonly string[]): void {
    const since = new Date().toISOString();
    for (const [name, { hold: _over, ...app }] of this.#apps)
      if (apps.includes(name)) this.#apps.set(name, { ...app, state: 'on-blue', greenPercent: 0, since });
  }

  /** Replicas of the app were raised on green, and not given back yet. */
  isRaised(app: string): boolean {
    return this.#apps.get(app)?.raised === true;
  }

  hasBegun(phase: PhaseName): boolean {
    return this.#phases.some(({ name, state }) => name === phase && state !== 'pending');
  }

  record(phase: PhaseName, item: WorkItem, evidence: readonly Evidence[] = []): void {
    this.#evidence.push(...evidence);
    this.#phases = this.#phases.map((one) =>
      one.name === phase ? { ...one, items: [...one.items.filter(({ name }) => name !== item.name), item] } : one,
    );
  }

  begin(phase: PhaseName): void {
    const startedAt = new Date().toISOString();
    // Tried again, it runs on: the end of the try before is none.
    this.#change(phase, ({ endedAt: _before, ...rest }) => ({
      ...rest,
      state: 'running',
      startedAt: rest.startedAt ?? startedAt,
    }));
  }

  /** Pending: what comes before it has to be done again first. */
  finish(phase: PhaseName, state: 'done' | 'failed' | 'pending'): void {
    this.#change(phase, (before) => ({ ...before, state, endedAt: new Date().toISOString() }));
  }

  end(state: 'succeeded' | 'rolled-back' | 'aborted', outcome: string): messages.UpgradeResult {
    this.#hold = undefined;
    this.#ended = { state, outcome, at: new Date().toISOString() };
    return { result: state, status: this.status };
  }

  /** A person's command, or a failed gate: a pause ends with it, and so does what was waited for. */
  turnBack(turn: Turn): void {
    if (this.turn) return;
    this.paused = false;
    this.#hold = undefined;
    this.turn = turn;
  }

  /** From here on there is no going back: rollback and abort are refused, and say why. */
  passPointOfNoReturn(): void {
    this.#noWayBack = true;
  }

  get isPastReturn(): boolean {
    return this.#noWayBack;
  }

  async whilePaused(phase: PhaseName): Promise<void> {
    if (!this.paused) return;
    this.#hold = this.#makeHold({ kind: 'paused', phase, because: this.#pausedBecause, waitsFor: 'resume' }, 'resume');
    await condition(() => !this.paused);
    this.#hold = undefined;
  }

  /** Stops and shows why; a person's resume lets the same work try again. */
  async holdForRetry(kind: 'failure' | 'blocker', phase: PhaseName, failure: unknown): Promise<void> {
    const seen = this.#retries;
    const waitsFor = 'somebody to mend the cause and resume';
    this.#hold = this.#makeHold({ kind, phase, because: reasonOf(failure), waitsFor, ...adviceOf(failure) }, 'resume');
    await condition(() => this.#retries > seen || this.givenUp !== undefined);
    this.#hold = undefined;
  }

  /** Whether every app has all its traffic on green, as far as is known now. */
  get allOnGreen(): boolean {
    return this.#input.environment.apps.every(({ name }) => this.#apps.get(name)?.state === 'on-green');
  }

  /** Its migration begins, maybe once more, and counts its words from the start. */
  listenAnew(app: string): void {
    this.#heard.delete(app);
  }

  /** Apps that queue and may begin now. */
  get mayBegin(): string[] {
    return this.#stop.hold ? [] : mayBegin(this.#input.environment, this.#apps, this.#granted);
  }

  /** The app was told to begin. */
  grant(app: string): void {
    this.#granted.set(app, this.#apps.get(app)?.hold?.since ?? '');
  }

  /** False: it ended without, as it is not wanted any more. An approval of before does not count. */
  async awaitApproval(point: ApprovalPoint, because: string, isWanted = (): boolean => true): Promise<boolean> {
    if (!this.#input.environment.approvals.includes(point)) return true;
    this.#approved.delete(point);
    this.#hold = {
      ...this.#makeHold({ kind: 'approval', phase: point, because, waitsFor: `approval of ${point}` }, 'approve'),
      approval: point,
    };
    await condition(() => this.#approved.has(point) || !isWanted());
    this.#hold = undefined;
    return this.#approved.has(point);
  }

  get #wayBack(): UpgradeStatus['wayBack'] {
    if (this.#noWayBack || this.#ended) return 'closed';
    return this.turn ? 'taken' : 'open';
  }

  #hear(app: AppStatus, revision: number): void {
    if (revision < (this.#heard.get(app.app) ?? 0)) return;
    this.#heard.set(app.app, revision);
    this.#apps.set(app.app, app);
  }

  #makeHold(hold: Omit<Hold, 'releases' | 'since'>, verb: string): Hold {
    const verbs = { open: [verb, 'rollback'], taken: [verb, 'abort'], closed: [verb] }[this.#wayBack];
    return {
      ...hold,
      releases: verbs.map((one) => `eksodus upgrade ${one} ${this.environment}`),
      since: new Date().toISOString(),
    };
  }

  #holds(): Hold[] {
    const apps = [...this.#apps.values()].flatMap(({ hold }) => hold ?? []);
    const own = this.#hold ? [this.#hold] : [];
    if (this.#ended || this.turn) return own;
    return [...own, ...(this.#stop.hold ? [this.#stop.hold] : []), ...apps];
  }

  #state(): UpgradeState {
    if (this.#ended) return this.#ended.state;
    if (this.#hold && this.#hold.kind !== 'paused') return 'holding';
    if (this.turn) return this.turn.kind === 'abort' ? 'aborting' : 'rolling-back';
    if (this.paused) return 'paused';
    return this.#holds().some(({ kind }) => kind !== 'paused') ? 'holding' : 'running';
  }

  #change(phase: PhaseName, change: (before: PhaseStatus) => PhaseStatus): void {
    this.#phases = this.#phases.map((one) => (one.name === phase ? change(one) : one));
  }

  async #pause({ by, reason }: messages.Asker): Promise<messages.Accepted> {
    this.paused = true;
    this.#pausedBecause = reason === undefined ? `${by} paused the upgrade` : `${by} paused the upgrade: ${reason}`;
    await this.steer({ retry: false });
    return {
      now: `${this.environment} is paused: what is under way is finished and watched, nothing new begins`,
    };
  }

  /** Of a pause it ends the pause, and nothing else: what else holds needs a resume of its own. */
  async #resume(): Promise<messages.Accepted> {
    const wasPaused = this.paused;
    this.paused = false;
    if (!wasPaused) {
      this.#retries += 1;
      this.#stop.lift(this.#apps.values());
    }
    await this.steer({ retry: !wasPaused });
    return {
      now: wasPaused ? `the pause of ${this.environment} is over` : `${this.environment} tries again what held`,
    };
  }

  #approve(point: ApprovalPoint): messages.Accepted {
    this.#approved.add(point);
    return { now: `${point} of ${this.environment} is approved` };
  }

  #rollBack({ by, reason, removeGreen }: messages.Asker & { removeGreen: boolean }): messages.Accepted {
    this.turnBack({ kind: 'roll-back', by, reason: reason ?? 'no reason given', removeGreen });
    const blue = this.blue?.name ?? 'blue';
    return {
      now: `${this.environment} rolls back: all weights go to ${blue}, which is asked first; if it fails its own checks, the rollback holds for you`,
    };
  }

  #abort({ by, reason }: messages.Asker): messages.Accepted {
    if (this.turn) {
      this.givenUp = { by, reason: reason ?? 'no reason given' };
      return { now: `the rollback of ${this.environment} is given up: weights and clusters stay as they are` };
    }
    this.turnBack({ kind: 'abort', by, reason: reason ?? 'no reason given' });
    return { now: `${this.environment} stops where it stands` };
  }

  #check(command: CommandName, ask: messages.Asker, mayNot: () => string | undefined): void {
    const ended = this.#ended && `the upgrade has ended: ${this.#ended.state}`;
    const why = refusePerson(command, ask) ?? ended ?? mayNot();
    if (why !== undefined) throw ApplicationFailure.nonRetryable(why, messages.REFUSED);
  }

  #mayPause(): string | undefined {
    if (this.turn) return `${this.#onItsWay}; there is nothing to pause`;
    if (this.#noWayBack) return 'blue is being deleted; a half-deleted cluster helps nobody';
    return this.paused ? 'it is paused already' : undefined;
  }

  #mayResume(): string | undefined {
    const holds = this.#holds();
    if (holds.some(({ kind }) => RESUMED.has(kind)) || this.paused) return undefined;
    const [hold] = holds;
    return hold ? `it waits for ${hold.waitsFor}, which resume does not give` : 'it runs; there is nothing to resume';
  }

  #mayApprove(point: ApprovalPoint): string | undefined {
    if (this.#hold?.approval === point) return undefined;
    return this.#hold?.approval
      ? `it waits for approval of ${this.#hold.approval}, not of ${point}`
      : `nothing waits for approval of ${point} now`;
  }

  /** A rollback that holds may be given up; else nobody could end it when its cause cannot be mended. */
  #mayAbort(): string | undefined {
    return this.turn?.kind === 'roll-back' && this.#hold ? undefined : this.#mayTurn('abort');
  }

  #mayTurn(verb: string): string | undefined {
    if (this.#noWayBack) return `the old cluster is being deleted: it is too late to ${verb}`;
    return this.turn ? `${this.#onItsWay} since ${this.turn.by} asked for it` : undefined;
  }

  get #onItsWay(): string {
    return this.turn?.kind === 'abort' ? 'it is stopping' : 'it is on its way back';
  }
}

/** What a resume of the whole upgrade releases. */
const RESUMED: ReadonlySet<HoldKind> = new Set<HoldKind>(['failure', 'blocker', 'gate', 'drift', 'paused']);
