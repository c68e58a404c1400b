import type { ApprovalPoint } from '../../src/domain/environment.ts';
import type { Hold, HoldKind, UpgradeStatus } from '../../src/domain/status.ts';
import { ENVIRONMENT } from '../sandbox.ts';
import { BY, type Actor, type Stage } from './scenario.ts';

export interface Approval {
  readonly point: ApprovalPoint;
  readonly because: string;
}

/** Does at each look what a person would: lets the scenario's actor play, gives approvals, and sees when it is stuck. */
export class Steering {
  readonly #actor: Actor;
  readonly #stage: Pick<Stage, 'cli' | 'say'>;

  /** What it was told when it was asked for each approval, in their order. */
  readonly approvals: Approval[] = [];

  constructor(actor: Actor, stage: Pick<Stage, 'cli' | 'say'>) {
    this.#actor = actor;
    this.#stage = stage;
  }

  async look(status: UpgradeStatus): Promise<'goes-on' | 'stuck'> {
    await this.#actor.look?.(status);
    const { approval, because = '' } = status.holds.find((hold) => hold.approval !== undefined) ?? {};
    if (approval !== undefined) {
      const { cli, say } = this.#stage;
      this.approvals.push({ point: approval, because });
      await cli.run('upgrade', 'approve', ENVIRONMENT, '--point', approval, '--by', BY);
      say(`approved by ${BY}: ${approval}`);
    }
    const waits = status.holds.filter(needsAPerson);
    return waits.every((hold) => this.#actor.releases?.(hold) ?? false) ? 'goes-on' : 'stuck';
  }
}

const needsAPerson = ({ kind }: Hold): boolean => !NOBODY_NEEDED.has(kind);

/** They end by themselves, or this steering ends them. */
const NOBODY_NEEDED: ReadonlySet<HoldKind> = new Set<HoldKind>(['approval', 'window', 'paused', 'turn', 'ready']);
