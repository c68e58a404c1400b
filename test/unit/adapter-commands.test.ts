import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommands, type Command, type CommandEnd } from '../../src/adapters/commands.ts';

let folder: string;
const program = (name: string, script: string): void => {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eksodus-commands-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SECRET = 'a-secret-token';
const run = (given: Partial<Command>, own: Record<string, string | undefined> = {}): Promise<CommandEnd> => {
  const variables: Record<string, string | undefined> = {
    EKSODUS_COMMANDS: folder,
    PATH: process.env['PATH'],
    EKSODUS_GATE_TOKEN: SECRET,
    AWS_SECRET_ACCESS_KEY: 'never',
    ...own,
  };
  return createCommands((name) => variables[name]).run({
    run: ['program'],
    environment: {},
    variables: [],
    timeoutSeconds: 10,
    signal: new AbortController().signal,
    ...given,
  });
};

describe('a command', () => {
  it.each([0, 1, 2, 7])('ends with its exit code: %d', async (code) => {
    program('exits', `echo first; echo "last $1 $2" >&2; exit ${code}`);
    expect(await run({ run: ['exits', 'a b', '$HOME;ls'] })).toEqual({
      kind: 'exited',
      code,
      lastLine: 'last a b $HOME;ls',
    });
  });

  it('is given what it is told, the variables that are named, and nothing else of the worker', async () => {
    program('environment', 'env | sort > "$1"');
    const out = join(folder, 'environment.txt');
    await run({
      run: ['environment', out],
      environment: { EKSODUS_APP: 'web' },
      variables: ['EKSODUS_GATE_TOKEN'],
    });
    const names = readFileSync(out, 'utf8')
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_', ''].includes(name ?? ''))).toEqual([
      'EKSODUS_APP',
      'EKSODUS_GATE_TOKEN',
      'PATH',
    ]);
  });

  it('tells no secret that it was given, and not more than a line', async () => {
    program('talks', 'echo "token is $EKSODUS_GATE_TOKEN"; ');
    expect(await run({ run: ['talks'], variables: ['EKSODUS_GATE_TOKEN'] })).toMatchObject({
      lastLine: 'token is ***',
    });
    program(
      'babbles',
      'i=0; while [ $i -lt 20000 ]; do echo aaaaaaaaaaaaaaaaaaaaaaaaaa; i=$((i+1)); done; printf %0500d 0',
    );
    const end = await run({ run: ['babbles'] });
    expect(end.kind === 'exited' && end.lastLine).toHaveLength(300);
  });

  it.each<[string, Partial<Command>, Record<string, string | undefined>, string]>([
    [
      'a worker without a folder',
      {},
      { EKSODUS_COMMANDS: undefined },
      'the worker has no folder of commands: EKSODUS_COMMANDS is not set',
    ],
    ['a path', { run: ['../sh'] }, {}, '"../sh" is no name of a program in EKSODUS_COMMANDS'],
    ['nothing at all', { run: [] }, {}, '"" is no name of a program in EKSODUS_COMMANDS'],
    ['a program that is not there', { run: ['missing'] }, {}, 'missing did not start: spawn'],
    [
      'a variable that is not set',
      { variables: ['EKSODUS_GATE_OTHER'] },
      {},
      'the worker has no variable EKSODUS_GATE_OTHER',
    ],
  ])('that asks for %s is an error', async (_, given, own, because) => {
    const end = await run(given, own);
    expect(end.kind === 'error' && end.because).toContain(because);
  });

  it('that was killed is an error', async () => {
    program('dies', 'kill -9 $$');
    expect(await run({ run: ['dies'] })).toEqual({ kind: 'error', because: 'dies was ended by SIGKILL' });
  });

  /** Writes the ids of itself and of a child that would outlive it. */
  const FAMILY = 'sleep 300 & echo "$! $$" > "$1.new"; mv "$1.new" "$1"; ';
  const idsIn = (file: string): number[] => readFileSync(file, 'utf8').trim().split(' ').map(Number);
  const isAlive = (id: number): boolean => {
    try {
      // A process that has ended and that nobody has asked after yet is no life.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${id}/status`, 'utf8'));
    } catch {
      return false;
    }
  };

  it('ends with all that it started when it takes too long', async () => {
    program('hangs', `${FAMILY} sleep 300`);
    const out = join(folder, 'hangs.txt');
    expect(await run({ run: ['hangs', out], timeoutSeconds: 1 })).toEqual({
      kind: 'error',
      because: 'hangs took longer than 1 s',
    });
    await expect.poll(() => idsIn(out).filter(isAlive)).toEqual([]);
  });

  it('leaves nothing running behind it', async () => {
    program('leaves', `${FAMILY} exit 0`);
    const out = join(folder, 'leaves.txt');
    expect(await run({ run: ['leaves', out] })).toMatchObject({ kind: 'exited', code: 0 });
    await expect.poll(() => idsIn(out).filter(isAlive)).toEqual([]);
  });

  it('does not wait for what it left in a group of its own, which keeps its output open', async () => {
    program(
      'hides',
      'setsid sh -c "echo \\$\\$ > $1.new; mv $1.new $1; sleep 300" & while [ ! -e "$1" ]; do sleep 0.02; done; echo done',
    );
    const out = join(folder, 'hides.txt');
    try {
      expect(await run({ run: ['hides', out] })).toEqual({ kind: 'exited', code: 0, lastLine: 'done' });
    } finally {
      for (const id of idsIn(out)) process.kill(-id, 'SIGKILL');
    }
  });

  it('ends with all that it started when nobody wants it any more', async () => {
    program('waits', `${FAMILY} sleep 300`);
    const out = join(folder, 'waits.txt');
    const stop = new AbortController();
    const running = run({ run: ['waits', out], signal: stop.signal });
    const started = setInterval(() => existsSync(out) && stop.abort(new Error('enough')), 10);
    await expect(running).rejects.toThrow('enough');
    clearInterval(started);
    await expect.poll(() => idsIn(out).filter(isAlive)).toEqual([]);
  });
});
