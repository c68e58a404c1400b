// An upgrade that takes commands, shows that it did, and never answers them.
import { condition, setHandler } from '@temporalio/workflow';
import * as messages from '../../workflows/messages.ts';
import { upgrade as status } from './cli-status.ts';

export async function upgrade({ environment: { name } }: messages.UpgradeInput): Promise<void> {
  let taken = false;
  const never = async (): Promise<messages.Accepted> => {
    taken = true;
    await condition(() => false);
    return { now: '' };
  };
  setHandler(messages.statusQuery, () => status({ environment: name, state: taken ? 'rolling-back' : 'running' }));
  setHandler(messages.rollbackUpdate, never);
  setHandler(messages.abortUpdate, never);
  await condition(() => false);
}
