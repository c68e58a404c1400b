// An upgrade that takes commands and never answers them.
import { condition, setHandler } from '@temporalio/workflow';
import * as messages from '../../workflows/messages.ts';
import { upgrade as status } from './cli-status.ts';

export async function upgrade(): Promise<void> {
  setHandler(messages.statusQuery, () => status());
  setHandler(messages.rollbackUpdate, async () => {
    await condition(() => false);
    return { now: '' };
  });
  await condition(() => false);
}
