// An upgrade whose run somebody ended in Temporal itself: it answers as it would have just before, and that is not true.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { upgradeId } from '../../src/domain/ids.ts';
import { endAll, Files } from '../support/cli.ts';
import { BLOCKED, json, Theatre } from '../support/cli-theatre.ts';

const files = new Files();
let theatre: Theatre;
beforeAll(async () => {
  theatre = await Theatre.open(files);
});
afterAll(async () => {
  endAll();
  await theatre.close();
  files.remove();
});

describe.concurrent('an upgrade that was ended from outside', () => {
  it.each(['terminated', 'cancelled'] as const)('%s, is shown as such, and takes no command', (how) =>
    theatre.stage(how, BLOCKED, async ({ name, start, untilHold, status, file }) => {
      const { cli } = theatre;
      await start();
      await untilHold();
      const watching = cli.begin('upgrade', 'watch', name);
      await watching.until(/holding/);
      const handle = theatre.temporal.server.client.workflow.getHandle(upgradeId(name));
      await (how === 'terminated' ? handle.terminate('by hand') : handle.cancel());
      await handle.result().catch(() => undefined);

      const text = new RegExp(
        `ended from outside: ${how} at 20\\d\\d-\\S+Z\\. Nobody moves or watches anything any more`,
      );
      const watched = await watching.ended;
      expect(watched.code).toBe(1);
      expect(watched.out).toMatch(text);
      const shown = await cli.run('upgrade', 'status', name);
      expect(shown.code).toBe(1);
      expect(shown.out).toMatch(text);
      expect(shown.out).not.toMatch(/‖|eksodus upgrade resume/);
      expect(await status()).toMatchObject({
        state: 'ended-from-outside',
        wayBack: 'closed',
        holds: [],
        endedAt: expect.stringMatching(/Z$/),
      });
      expect(json(await cli.run('apps', 'list', name, '--output', 'json'))).toMatchObject({
        state: 'ended-from-outside',
      });
      expect(await cli.run('upgrade', 'resume', name)).toEqual({
        code: 4,
        out: '',
        err: `refused: the upgrade of ${name} has ended: ended-from-outside. Nothing was changed.\n`,
      });
      // Nothing keeps anybody from starting anew.
      expect((await cli.run('upgrade', 'start', '--file', file)).code).toBe(0);
      expect(await status()).toMatchObject({ state: expect.stringMatching(/^(?:running|holding)$/) });
    }),
  );
});
