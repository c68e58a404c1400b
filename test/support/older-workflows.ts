// An upgrade as another version of the product might have begun it: it waits before it looks at anything.
import { setHandler, sleep } from '@temporalio/workflow';
import * as messages from '../../workflows/messages.ts';
import { upgrade as status } from './cli-status.ts';

export async function upgrade({ environment: { name } }: messages.UpgradeInput): Promise<void> {
  setHandler(messages.statusQuery, () => status({ environment: name }));
  await sleep('30 days');
}
