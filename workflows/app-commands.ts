// The commands to one app: who may give which, when, and what is on record of them.
import type { UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { isCommand, refusePerson } from '../src/domain/permissions.ts';
import type { AppAction, AppStatus } from '../src/domain/status.ts';
import * as messages from './messages.ts';

interface Shown {
  readonly status: AppStatus;
  note(action: AppAction, change?: Partial<AppStatus>): Promise<void>;
}

interface AppCommand<Ask extends messages.Asker> {
  /** Why it is not taken now, in one phrase. */
  readonly refuse: (ask: Ask) => string | undefined;
  /** What people are shown otherwise after it. */
  readonly does: (ask: Ask) => Partial<AppStatus> | void;
  /** What is true after it. */
  readonly says: string | ((ask: Ask) => string);
  /** What was asked for, for the record. */
  readonly detail?: (ask: Ask) => string;
}

export type TakeCommand = <Ask extends messages.Asker>(
  update: UpdateDefinition<messages.Accepted, [Ask]>,
  command: AppCommand<Ask>,
) => void;

/** Each command is checked before it is taken, and what was done is on record with who did it, in which role, and why. */
export const appCommands =
  (board: Shown, refuseAll: () => string | undefined): TakeCommand =>
  <Ask extends messages.Asker>(
    update: UpdateDefinition<messages.Accepted, [Ask]>,
    { refuse, does, says, detail }: AppCommand<Ask>,
  ): void => {
    const command = `apps ${update.name}`;
    if (!isCommand(command)) throw ApplicationFailure.nonRetryable(`nobody may give ${command}`, 'input.invalid');
    setHandler(
      update,
      async (ask: Ask): Promise<messages.Accepted> => {
        const words = detail ? { detail: detail(ask) } : {};
        const now = typeof says === 'string' ? says : says(ask);
        const change = does(ask) ?? {};
        const { by, role, reason } = ask;
        const why = reason === undefined ? {} : { reason };
        await board.note({ verb: update.name, by, role, ...words, ...why, at: new Date().toISOString() }, change);
        return { now };
      },
      {
        validator: (ask: Ask): void => {
          const why = refusePerson(command, ask) ?? refuseAll() ?? refuse(ask);
          if (why !== undefined) throw ApplicationFailure.nonRetryable(why, messages.REFUSED);
        },
      },
    );
  };
