// What weeks bring: the server is restarted, and so is the worker, with another build of the workflows.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deadlineFor } from '../../src/domain/deadline-days.ts';
import { momentAt } from '../../src/domain/moment.ts';
import { scheduleUpdate } from '../../workflows/messages.ts';
import type { migration } from '../../workflows/migration.ts';
import { holds, migrationOf, onBlue, until } from '../support/migration-scene.ts';
import { TestTemporal } from '../support/temporal.ts';

const QUEUE = 'restarts';
/** Enough for a worker and a server to go and come again on a busy machine, and little to wait for. */
const LATER_MS = 30_000;

/** Another build: one more interceptor, with a patch that runs of before have not seen. */
const INTERCEPTOR = `
import { patched } from '${fileURLToPath(import.meta.resolve('@temporalio/workflow'))}';
export const interceptors = () => ({
  inbound: [{ execute: async (input, next) => { patched('another-build'); return next(input); } }],
  outbound: [],
  internals: [],
});
`;

describe('a scheduled app', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'eksodus-restarts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    ['the same build', []],
    ['another build', ['interceptor.mjs']],
  ])('begins at its time, after worker and server were restarted, with %s', async (_build, modules) => {
    const serverArguments = ['--db-filename', join(folder, 'temporal.db')];
    const due = momentAt(Date.now() + 9 * 24 * 3600_000, 'Asia/Tokyo');
    const { fake, hosts, workflowId, start } = migrationOf({
      app: { start: 'owner', deadline: deadlineFor(due, { policy: 'escalate', remindDays: [14] }) },
    });
    const before = await TestTemporal.start({ serverArguments });
    const moment = momentAt(Date.now() + LATER_MS, 'Asia/Tokyo');
    try {
      await before.withWorker(
        fake.activities(),
        async () => {
          const moving = await start(before, QUEUE);
          await until(moving, ({ timing }) => timing?.deadline?.reminded.length === 1);
          await moving.executeUpdate(scheduleUpdate, { args: [{ by: 'ana', role: 'developer', moment }] });
          await until(moving, holds('schedule'));
        },
        QUEUE,
      );
    } finally {
      await before.stop();
    }
    expect(Date.now()).toBeLessThan(Date.parse(moment.at));
    expect(fake.weights(hosts[0] ?? '')).toEqual(onBlue);

    const interceptors = modules.map((name) => join(folder, name));
    for (const file of interceptors) writeFileSync(file, INTERCEPTOR);
    const after = await TestTemporal.start({ serverArguments, interceptors });
    try {
      const moved = await after.withWorker(
        fake.activities(),
        () => {
          const moving = after.server.client.workflow.getHandle<typeof migration>(workflowId);
          return until(moving, ({ state }) => state === 'on-green');
        },
        QUEUE,
      );
      expect(Date.parse(moved.history[0]?.askedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(moment.at));
      expect(moved.actions.at(-1)).toMatchObject({ verb: 'start', by: 'eksodus' });
      // What was said before is not said again.
      expect(fake.reminders.map(({ daysBefore }) => daysBefore)).toEqual([14]);
      expect(moved.timing?.deadline?.reminded).toHaveLength(1);
      const { events } = await after.server.client.workflow.getHandle(workflowId).fetchHistory();
      expect((events ?? []).filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
    } finally {
      await after.stop();
    }
  });
});
