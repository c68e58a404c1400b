// What makes one rehearsal another than a plain one. Each scenario is a file of its own in scenarios/.
import type { Client } from '@temporalio/client';
import type { Hold, UpgradeStatus } from '../../src/domain/status.ts';
import type { Sandbox, SandboxOptions } from '../sandbox.ts';
import type { Cli } from './cli.ts';
import type { Expected } from './expected.ts';
import type { RehearsalReport } from './report.ts';
import type { RehearsalWorker } from './worker.ts';

/** Who the rehearsal says it is when it gives a command. */
export const BY = 'rehearsal';

export interface Scenario {
  /** How its upgrade must end: all on green and blue deleted, or all on blue and blue whole. */
  readonly ends: 'succeeded' | 'rolled-back';
  /** What the sandbox and its environment file are to be, where a plain rehearsal's would not do. */
  readonly sandbox?: Pick<SandboxOptions, 'amend' | 'alsoApps' | 'annotated'>;
  /** The app whose requests are made to fail where green serves it: some must fail there, and none elsewhere. */
  readonly failsOnGreen?: string;
  /** The steps that must have been observed; every step of every app where this is left out. */
  readonly mustWalk?: (step: { readonly app: string; readonly greenPercent: number }) => boolean;
  /** Steps whose traffic is not shared out as they say, since somebody else wrote other weights. */
  readonly spoils?: (step: { readonly app: string; readonly greenPercent: number }) => boolean;
  /** Plays its part, made anew for each rehearsal; a scenario without one only looks on. */
  readonly actor?: (stage: Stage) => Actor;
  /** What is wrong beyond what every rehearsal is judged by; one line each. Pure. */
  readonly judge?: (report: RehearsalReport, expected: Expected) => string[];
}

/** What an actor may touch. */
export interface Stage {
  readonly sandbox: Sandbox;
  readonly client: Client;
  readonly worker: Pick<RehearsalWorker, 'crash'>;
  /** The product's own command line, at this sandbox. */
  readonly cli: Cli;
  /** Tells the person who watches. */
  readonly say: (line: string) => void;
}

export interface Actor {
  /** At each look at the upgrade, several times a second; never two at once. A rejection ends the walk. */
  look?(status: UpgradeStatus): Promise<void>;
  /** Beside the looks, from the upgrade's start until aborted. A rejection ends the walk. */
  beside?(signal: AbortSignal): Promise<void>;
  /** Whether it releases a hold that else would be the end of the rehearsal: one that waits for a person. */
  releases?(hold: Hold): boolean;
  /** For the report: what it did, by what it was. Asked once, at the end. */
  noted?(status: UpgradeStatus | undefined): Noted;
}

export type Noted = Readonly<Record<string, readonly string[]>>;
