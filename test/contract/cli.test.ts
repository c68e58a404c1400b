// The command line as people and scripts meet it. Most of the time something is waited for, so tests run side by side,
// each with an environment of its own; those that need a worker of their own have a namespace of their own.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASK_QUEUE } from '../../src/domain/ids.ts';
import { cliWith, endAll, environmentFile, Files, type Cli } from '../support/cli.ts';
import { Screen } from '../support/cli-screen.ts';
import { BLOCKED, json, Theatre } from '../support/cli-theatre.ts';

const files = new Files();
afterAll(() => {
  endAll();
  files.remove();
});

describe.concurrent('without Temporal', () => {
  // Nobody answers there, and nobody who asks for a free port is given it.
  const dead = '127.0.0.1:1';
  const cli = cliWith({ TEMPORAL_ADDRESS: dead });

  it('says what it waits for, where it looked, and what to do, exit code 5', async () => {
    const [status, worker, rollback] = await Promise.all([
      cli.run('upgrade', 'status', 'stg'),
      cli.run('worker'),
      cli.run('upgrade', 'rollback', 'stg', '--yes', '--output', 'json'),
    ]);
    const told = `Temporal does not answer at ${dead}. Set TEMPORAL_ADDRESS, or start it.\n`;
    expect(status).toEqual({ code: 5, out: '', err: `waiting for Temporal at ${dead} …\n${told}` });
    expect(worker).toEqual({ code: 5, out: '', err: `worker for Temporal at ${dead}, namespace default\n${told}` });
    expect({ code: rollback.code, err: rollback.err }).toEqual({ code: 5, err: '' });
    expect(json(rollback).error.kind).toBe('unreachable');
  });

  it.each([
    '',
    'upgrade',
    'apps',
    'config',
    'worker',
    'rehearse',
    'config check',
    'config schema',
    ...['start', 'status', 'watch', 'pause', 'resume', 'approve', 'rollback', 'abort'].map((verb) => `upgrade ${verb}`),
    ...['list', 'discover', 'show', 'start', 'pause', 'resume', 'retry', 'promote', 'abort', 'pin', 'steps'].map(
      (verb) => `apps ${verb}`,
    ),
  ])('eksodus %s --help explains itself with examples', async (command) => {
    const { code, out, err } = await cli.run(...command.split(' ').filter(Boolean), '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: eksodus/);
    expect(out).toMatch(/\nExamples:\n {2}\$ .*(?:eksodus|npm run)/);
  });

  it.each<[string[], string]>([
    [['upgrade', 'statsu', 'stg'], "unknown command 'statsu'\n(Did you mean status?)\n(see eksodus upgrade --help)\n"],
    [['upgrade', 'status'], "error: missing required argument 'environment'\n(see eksodus upgrade status --help)\n"],
    [['upgrade', 'status', 'stg', '--outptu', 'json'], "error: unknown option '--outptu'\n(Did you mean --output?)"],
    [['upgrade', 'status', 'stg', '--output', 'yaml'], 'Allowed choices are text, json.'],
    [['upgrade', 'start'], "error: required option '-f, --file <file>' not specified"],
    ...[['promote'], ['abort', '--yes'], ['pin', '25']].map(([verb = '', ...rest]): [string[], string] => [
      ['apps', verb, 'stg', 'messages', ...rest],
      `error: required option '--reason <text>' not specified\n(see eksodus apps ${verb} --help)\n`,
    ]),
    [['apps', 'pause', 'stg', 'messages', '--reason', ' '], '--reason is empty: it says why'],
    [['apps', 'pin', 'stg', 'messages', '101', '--reason', 'x'], '"101" is no share of the traffic.'],
    [
      ['apps', 'steps', 'stg', 'messages', '10:5', '50'],
      'Write 5s if you mean seconds.\n"50" bake: is missing. Expected how long',
    ],
    [['rehearse', '--speed', '0'], '--speed is "0"; expected a number from 1 (as slow as AWS) to 600.'],
  ])('%j is told on standard error, exit code 2', async (args, expected) => {
    const { code, out, err } = await cli.run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(expected);
  });

  it.each([
    ['upgrade', 'status', '--output', 'json'],
    ['upgrade', 'approve', 'stg', '--point', 'lunch', '--output=json'],
    ['upgrade', 'start', '--file', 'no/such.yaml', '-o', 'json'],
    ['rehearse', '--speed', 'fast', '-o', 'json'],
  ])('%s %s %s … prints its mistake as JSON, and nothing else', async (...args) => {
    const ended = await cli.run(...args);
    expect({ code: ended.code, err: ended.err }).toEqual({ code: 2, err: '' });
    expect(json(ended)).toMatchObject({ error: { kind: 'bad-input', message: expect.stringMatching(/^(?!error)./) } });
  });

  it('a TEMPORAL_ADDRESS that is none is bad input, exit code 2', async () => {
    const lost = cliWith({ TEMPORAL_ADDRESS: 'http://127.0.0.1:7233' });
    const err = 'TEMPORAL_ADDRESS is "http://127.0.0.1:7233"; expected host:port, such as 127.0.0.1:7233.\n';
    const asked = await Promise.all([lost.run('upgrade', 'status', 'stg'), lost.run('worker')]);
    expect(asked).toEqual([1, 2].map(() => ({ code: 2, out: '', err })));
  });

  it('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await cli.run('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('config check tells all mistakes of all files, exit code 2', async () => {
    const good = files.write('good.yaml', environmentFile('good'));
    const { apps } = environmentFile('one');
    const one = files.write('one.yaml', environmentFile('one', { apps: apps.slice(0, 1) }));
    const bad = files.write(
      'bad.yaml',
      environmentFile('bad', { account: '1', apps: [], steps: [{ green: 120, bake: '1m' }] }),
    );
    const both = await cli.run('config', 'check', good, bad);
    expect(both.code).toBe(2);
    const [first, ...mistakes] = both.out.trim().split('\n');
    expect(first).toBe(`${good}: good, 2 apps, moves to good-1-36`);
    expect(mistakes.map((line) => line.replace(/^.*bad\.yaml:\d+:\d+ /, '').split(':')[0])).toEqual([
      'account',
      'steps[0].green',
      'apps',
    ]);
    expect(json(await cli.run('config', 'check', good, bad, '-o', 'json'))).toMatchObject({
      files: [
        { file: good, ok: true },
        { file: bad, ok: false, problems: [{ file: bad, path: 'account', line: 2, column: 10 }, {}, {}] },
      ],
    });
    expect(await cli.run('config', 'check', one)).toEqual({
      code: 0,
      out: `${one}: one, 1 app, moves to one-1-36\n`,
      err: '',
    });
  });

  it('config schema prints what editors need', async () => {
    const { code, out } = await cli.run('config', 'schema');
    expect(code).toBe(0);
    expect(out).toBe(readFileSync(new URL('../../config/environment.schema.json', import.meta.url), 'utf8'));
  });
});

describe.concurrent('with Temporal', () => {
  let theatre: Theatre;
  let mute: WorkflowBundleWithSourceMap;
  let cli: Cli;
  beforeAll(async () => {
    [theatre, mute] = await Promise.all([
      Theatre.open(files, ['--namespace', 'away', '--namespace', 'slow']),
      bundleWorkflowCode({
        workflowsPath: fileURLToPath(new URL('../support/cli-slow-workflows.ts', import.meta.url)),
      }),
    ]);
    ({ cli } = theatre);
  });
  afterAll(() => theatre.close());

  const inNamespace = (namespace: string): Cli => theatre.cliIn(namespace);
  const stage: Theatre['stage'] = (...on) => theatre.stage(...on);

  /** Runs the body while a worker that never answers a command serves the namespace. */
  async function withMuteWorker<T>(namespace: string, body: () => Promise<T>): Promise<T> {
    const connection = theatre.temporal.server.nativeConnection;
    const worker = await Worker.create({ connection, namespace, taskQueue: TASK_QUEUE, workflowBundle: mute });
    return worker.runUntil(body());
  }

  it('without a worker says so, exit code 5, and leaves no command behind for the next one; a watch tells of both', async () => {
    const away = inNamespace('away');
    const file = files.write('away.yaml', environmentFile('away'));
    expect((await away.run('upgrade', 'start', '--file', file)).code).toBe(0);
    const watching = await withMuteWorker('away', async () => {
      const begun = away.begin('upgrade', 'watch', 'away');
      await begun.until(/ phase 5\/7 migrate running /);
      return begun;
    });

    // Temporal itself says so, once it has seen none for a while.
    const err = expect.stringMatching(/^no worker (?:answers|is running) for away\. Start one: eksodus worker\n$/);
    const commands = [['status'], ['watch'], ['rollback', '--yes'], ['abort', '--yes']];
    const [, ...asked] = await Promise.all([
      watching.until(
        / no news: no worker (?:answers|is running) for away\. Start one: eksodus worker {2}env=away news=none\n/,
      ),
      ...commands.map((command) => away.run('upgrade', ...command, 'away')),
    ]);
    expect(asked).toEqual(commands.map(() => ({ code: 5, out: '', err })));

    await withMuteWorker('away', async () => {
      await watching.until(/ news again after \d+s {2}env=away news=again\n/);
      expect(json(await away.run('upgrade', 'status', 'away', '--output', 'json'))).toMatchObject({ state: 'running' });
      watching.child.kill('SIGTERM');
      expect((await watching.ended).code).toBe(130);
    });
  });

  it('a command that is taken but not answered may still be carried out: nobody is told that nothing changed', () =>
    withMuteWorker('slow', async () => {
      const slow = inNamespace('slow');
      const file = files.write('slow.yaml', environmentFile('slow'));
      expect((await slow.run('upgrade', 'start', '--file', file)).code).toBe(0);
      expect(await slow.run('upgrade', 'rollback', 'slow', '--yes')).toEqual({
        code: 5,
        out: '',
        err: 'the worker took too long to answer: the command may be carried out all the same. Look before you repeat it: eksodus upgrade status slow\n',
      });
      expect(json(await slow.run('upgrade', 'status', 'slow', '--output', 'json'))).toMatchObject({
        state: 'rolling-back',
      });
    }));

  it('an upgrade from start to end: held, approved, watched, and over', () =>
    stage('whole', {}, async ({ name, file, world }) => {
      expect(await cli.run('upgrade', 'start', '--file', file)).toEqual({
        code: 0,
        out: 'whole moves to whole-1-36. Watch it: eksodus upgrade watch whole\n',
        err: '',
      });
      expect(await cli.run('upgrade', 'start', '--file', file)).toEqual({
        code: 4,
        out: '',
        err: 'refused: whole has an upgrade under way. See it: eksodus upgrade status whole\n',
      });

      const held = await cli.run('upgrade', 'watch', name, '--until-hold');
      expect(held.code).toBe(3);
      expect(held.out).toMatch(
        / holding: all apps are on whole-1-36; .* {2}env=whole hold=approval phase=decommission\n$/,
      );

      const status = await cli.run('upgrade', 'status', name);
      expect(status.code).toBe(3);
      expect(status.out).toMatch(
        /^whole {2}holding {3}1\.33 ● stg-1-33 {2}→ {2}1\.36 ◆ whole-1-36 {3}started (?:\d+m)?\d+s ago by sre\n/,
      );
      expect(status.out).toContain('    messages     ◆◆◆◆◆◆◆◆◆◆ 100 %  on-green');
      expect(status.out).toContain('eksodus upgrade approve whole | eksodus upgrade rollback whole\n');

      const inJson = await cli.run('upgrade', 'status', name, '--output', 'json');
      expect(inJson.code).toBe(3);
      expect(json(inJson)).toMatchObject({ environment: name, state: 'holding', holds: [{ kind: 'approval' }] });

      const watching = cli.begin('upgrade', 'watch', name);
      await watching.until(/hold=approval/);
      expect(await cli.run('upgrade', 'approve', name, '--by', 'boss', '-o', 'json')).toMatchObject({
        code: 0,
        out: expect.stringContaining('"now": "decommission of whole is approved"'),
      });
      const watched = await watching.ended;
      expect({ code: watched.code, err: watched.err }).toEqual({ code: 0, err: '' });
      const lines = watched.out.trimEnd().split('\n');
      for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z .* {2}env=whole( [a-z]+=\S+)+$/);
      expect(lines.at(-1)).toMatch(
        /Z succeeded: whole runs on whole-1-36; stg-1-33 is deleted {2}env=whole state=succeeded$/,
      );
      expect(new Set(lines).size).toBe(lines.length);
      expect([...world.clusters.keys()]).toEqual(['whole-1-36']);

      expect(await cli.run('upgrade', 'pause', name)).toEqual({
        code: 4,
        out: '',
        err: 'refused: the upgrade of whole has ended: succeeded. Nothing was changed.\n',
      });
      const over = await cli.run('upgrade', 'status', name);
      expect(over.code).toBe(0);
      expect(over.out).toMatch(/\nsucceeded: whole runs on whole-1-36; stg-1-33 is deleted\n$/);
    }));

  it('commands that make no sense now are refused with the reason, exit code 4', () =>
    stage('refusals', { approvals: ['migrate'] }, async ({ name, start, untilHold }) => {
      await start();
      await untilHold();
      const refusals: [string[], string][] = [
        [['resume'], 'it waits for approval of migrate, which resume does not give'],
        [['approve', '--point', 'decommission'], 'it waits for approval of migrate, not of decommission'],
        [['pause', '--by', ' '], 'a command needs the name of who gives it'],
      ];
      for (const [[verb = '', ...options], why] of refusals) {
        expect(await cli.run('upgrade', verb, name, ...options)).toEqual({
          code: 4,
          out: '',
          err: `refused: ${why}\n`,
        });
        const inJson = await cli.run('upgrade', verb, name, ...options, '--output', 'json');
        expect({ code: inJson.code, err: inJson.err }).toEqual({ code: 4, err: '' });
        expect(json(inJson)).toEqual({ error: { kind: 'refused', message: why } });
      }
    }));

  it('pause, approve, resume: the way there and back, with who and why', () =>
    stage('steering', { approvals: ['migrate'] }, async ({ name, world, start, untilHold, status }) => {
      await start();
      await untilHold();
      const paused = await cli.run('upgrade', 'pause', name, '--reason', 'incident 4711');
      expect(paused).toMatchObject({ code: 0, out: expect.stringMatching(/^steering is paused: /) });
      expect((await cli.run('upgrade', 'approve', name)).code).toBe(0);
      // A pause waits for a person too.
      await untilHold();
      expect((await cli.run('upgrade', 'status', name)).code).toBe(3);
      expect(await status()).toMatchObject({ state: 'paused', holds: [{ kind: 'paused' }] });
      const idle = await cli.run('upgrade', 'approve', name);
      expect(idle).toMatchObject({
        code: 4,
        err: expect.stringMatching(/^refused: steering waits for no approval now/),
      });
      expect(world.weights('messages.example.test')).toMatchObject({ 'stg-1-33': 100 });
      expect(await cli.run('upgrade', 'resume', name)).toMatchObject({
        code: 0,
        out: 'the pause of steering is over\n',
      });
      expect((await cli.run('upgrade', 'watch', name)).code).toBe(0);
    }));

  it('rollback changes nothing until it is confirmed, and then gives all traffic back', () =>
    stage('back', {}, async ({ name, world, start, untilHold, status }) => {
      await start();
      await untilHold();
      expect(await cli.run('upgrade', 'rollback', name, '--remove-green')).toEqual({
        code: 2,
        out: '',
        err: 'All traffic of back goes back to the old cluster, and the new one is deleted. Nobody is here to confirm it: add --yes.\n',
      });
      expect((await cli.run('upgrade', 'abort', name)).code).toBe(2);
      expect(await status()).toMatchObject({ state: 'holding' });

      const [line, json_, picture] = [
        cli.begin('upgrade', 'watch', name),
        cli.begin('upgrade', 'watch', name, '-o', 'json'),
        cli.onTerminal('upgrade', 'watch', name),
      ];
      await Promise.all([line.until(/hold=approval/), json_.until(/"approval"/), picture.until(/waits for/)]);
      const asked = await cli.run(
        'upgrade',
        'rollback',
        name,
        '--yes',
        '--by',
        'oncall',
        '--reason',
        'errors\nin files',
      );
      expect(asked).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^back rolls back: all weights go to stg-1-33/),
        err: '',
      });

      // An upgrade that did not succeed is no success for a script that waits for it.
      const [lines, statuses, drawn] = await Promise.all([line.ended, json_.ended, picture.ended]);
      expect([lines.code, statuses.code, drawn.code]).toEqual([1, 1, 1]);
      expect(lines.out).toMatch(
        /Z rolled-back: errors in files \(oncall\); all traffic is on stg-1-33 {2}env=back state=rolled-back\n$/,
      );
      const seen = statuses.out.trimEnd().split('\n');
      expect(seen.map((text) => JSON.parse(text)).at(-1)).toMatchObject({ state: 'rolled-back' });
      expect(new Set(seen).size).toBe(seen.length);
      expect(world.weights('messages.example.test')).toMatchObject({ 'stg-1-33': 100, 'back-1-36': 0 });
      expect([...world.clusters.keys()]).toEqual(['stg-1-33', 'back-1-36']);
    }));

  it('abort ends the upgrade where it stands', () =>
    stage('abort', BLOCKED, async ({ name, world, start, untilHold, status }) => {
      await start();
      await untilHold();
      expect(await cli.run('upgrade', 'abort', name, '-y', '--reason', 'not today')).toMatchObject({ code: 0 });
      expect((await cli.run('upgrade', 'watch', name)).code).toBe(1);
      expect(await status()).toMatchObject({ state: 'aborted', outcome: 'stopped by sre: not today' });
      expect(world.calls).not.toContain('requestCluster');
    }));

  describe('on a terminal', () => {
    const COMMAND = /[^]*?(?=term {2})/;

    it('watch draws one picture over itself and leaves the last one', () =>
      stage('term', {}, async ({ name, start, untilHold }) => {
        await start();
        const watching = cli.onTerminal('upgrade', 'watch', name);
        await untilHold();
        await watching.until(/approval of decommission/);
        await cli.run('upgrade', 'approve', name);
        const { code, out } = await watching.ended;
        expect(code).toBe(0);
        const screen = new Screen({ columns: 80, rows: 24 });
        screen.write(out);
        expect(screen.text.replace(COMMAND, '').match(/→/g)).toHaveLength(1);
        expect(screen.text.split('\n').at(-1)).toBe('succeeded: term runs on term-1-36; stg-1-33 is deleted');
        expect(out).toContain('\u001B[32m✓ preflight');
      }));

    it('Ctrl-C ends the watching only', () =>
      stage('ctrlc', BLOCKED, async ({ name, start, untilHold, status }) => {
        await start();
        await untilHold();
        const watching = cli.onTerminal('upgrade', 'watch', name);
        await watching.until(/waits for/);
        watching.type('\u0003');
        const { code, out } = await watching.ended;
        expect(code).toBe(130);
        expect(out).toContain('The upgrade of ctrlc goes on; only the watching ended.');
        expect(await status()).toMatchObject({ state: 'holding' });
      }));

    it('rollback asks for the name: another word, or Ctrl-C, changes nothing', () =>
      stage('typed', BLOCKED, async ({ name, start, untilHold, status }) => {
        await start();
        await untilHold();
        for (const [keys, answer] of [
          ['production\r', '"production" is not typed: nothing was changed.'],
          ['\u0003', 'not confirmed: nothing was changed.'],
        ] as const) {
          const asked = cli.onTerminal('upgrade', 'rollback', name);
          await asked.until(/All traffic of typed goes back to the old cluster\.\s+Type typed to go on: /);
          asked.type(keys);
          const { code, out } = await asked.ended;
          expect(code).toBe(2);
          expect(out).toContain(answer);
          expect(await status()).toMatchObject({ state: 'holding' });
        }
        const asked = cli.onTerminal('upgrade', 'rollback', name);
        await asked.until(/Type typed to go on: /);
        asked.type('typed\r');
        expect((await asked.ended).code).toBe(0);
        expect((await cli.run('upgrade', 'watch', name)).code).toBe(1);
      }));
  });

  it('a signal, or a reader that has enough, ends the watching and not the upgrade', () =>
    stage('signals', BLOCKED, async ({ name, start, untilHold, status }) => {
      await start();
      await untilHold();
      const interrupted = cli.begin('upgrade', 'watch', name);
      await interrupted.until(/hold=blocker/);
      interrupted.child.kill('SIGINT');
      expect(await interrupted.ended).toMatchObject({
        code: 130,
        err: '\nThe upgrade of signals goes on; only the watching ended.\n',
      });

      const unread = cli.begin('upgrade', 'watch', name);
      await unread.until(/hold=blocker/);
      unread.child.stdout?.destroy();
      // What changes next finds nobody who reads it.
      expect(await cli.run('upgrade', 'resume', name)).toMatchObject({ code: 0 });
      expect(await unread.ended).toMatchObject({
        code: 130,
        err: '\nThe upgrade of signals goes on; only the watching ended.\n',
      });
      await untilHold();
      expect(await status()).toMatchObject({ holds: [{ kind: 'blocker' }] });
    }));

  it('what nobody knows is told with what to do, exit code 2', async () => {
    const err = 'no upgrade of nowhere is known. Is the name right? To start one: eksodus upgrade start --file FILE\n';
    const verbs = [['status'], ['watch'], ['pause'], ['resume'], ['approve'], ['rollback', '--yes']];
    const asked = await Promise.all(verbs.map((verb) => cli.run('upgrade', ...verb, 'nowhere')));
    expect(asked).toEqual(verbs.map(() => ({ code: 2, out: '', err })));
    const file = files.write('broken.yaml', 'name: [');
    const broken = await cli.run('upgrade', 'start', '--file', file);
    expect(broken).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`${file}:1:`) });
  });

  it('a namespace that Temporal does not have is named, exit code 5', async () => {
    const lost = cliWith({ TEMPORAL_ADDRESS: theatre.temporal.server.address, TEMPORAL_NAMESPACE: 'nowhere' });
    const { address } = theatre.temporal.server;
    expect(await lost.run('upgrade', 'status', 'stg')).toEqual({
      code: 5,
      out: '',
      err: `Temporal at ${address} has no namespace "nowhere". Set TEMPORAL_NAMESPACE.\n`,
    });
  });
});
