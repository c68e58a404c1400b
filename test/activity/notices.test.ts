import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { expect, it } from 'vitest';
import type { DeadlineReminder } from '../../activities/ports.ts';
import { momentAt } from '../../src/domain/moment.ts';
import { FakeClock, prepare, run } from './fakes.ts';

it('a reminder is one line of the worker’s log, with everything that a channel would need', async () => {
  const lines: LogEntry[] = [];
  const clock = new FakeClock();
  const reminder: DeadlineReminder = {
    environment: 'stg',
    app: 'messages',
    team: 'chat',
    due: momentAt(clock.now() + 3 * 24 * 3_600_000, 'Asia/Tokyo'),
    policy: 'escalate',
    daysBefore: 3,
    waitsFor: 'its start',
  };
  const logger = new DefaultLogger('INFO', (entry) => lines.push(entry));
  await run(prepare({}, clock), 'remind', reminder, {
    environment: new MockActivityEnvironment({}, { logger }),
    beats: [],
  });
  const [line, ...more] = lines.filter(({ message }) => message.startsWith('reminder'));
  expect(more).toEqual([]);
  expect(line).toMatchObject({
    level: 'INFO',
    message: `reminder to chat: messages in stg must move by ${reminder.due.local}, 3 days left`,
    meta: { ...reminder },
  });
});
