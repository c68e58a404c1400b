import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, portRange } from '../../sandbox/process/ports.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { httpOk, waitUntil } from '../../sandbox/process/ready.ts';

let dir: string;
let processes: Processes;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-processes-'));
  processes = new Processes({ logDir: dir });
});

afterEach(async () => {
  await processes.stopAll();
  rmSync(dir, { recursive: true });
});

const sh = (name: string, script: string) => ({ name, command: 'sh', args: ['-c', script] });
const inDir = (file: string) => join(dir, file);
const isWritten = (file: string) => async () =>
  existsSync(inDir(file)) && readFileSync(inDir(file), 'utf8').endsWith('\n');
const pidIn = (file: string) => Number(readFileSync(inDir(file), 'utf8'));

/** A zombie that nobody reaps yet is gone too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const gone = (pid: number) => waitUntil(async () => !isAlive(pid), { what: `end of ${pid}`, withinMs: 20_000 });

describe('free ports', () => {
  it('are outside the range of outgoing connections, and none is handed out twice', async () => {
    const [first = 0, last = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .split(/\s+/)
      .map(Number);
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    expect(new Set(ports).size).toBe(50);
    expect(ports.filter((port) => port >= first && port <= last)).toEqual([]);
  });

  it('are not those that somebody listens on', async () => {
    const before = await freePort();
    // The search goes upwards, so the next one would be this.
    const server = createTcpServer().listen(before + 1, '127.0.0.1');
    await once(server, 'listening');
    expect(await freePort()).not.toBe(before + 1);
    server.close();
  });

  it('come from above the range of outgoing connections when there is no room below', () => {
    expect(portRange({ first: 32_768, last: 60_999 })).toEqual({ first: 10_000, last: 32_767 });
    expect(portRange({ first: 1_024, last: 60_999 })).toEqual({ first: 61_000, last: 65_535 });
    expect(portRange({ first: 1_024, last: 65_535 })).toEqual({ first: 10_000, last: 65_535 });
  });
});

describe('start', () => {
  it('resolves when the process is ready, and logs stdout and stderr', async () => {
    const spec = sh('greeter', `echo out; echo err >&2; echo yes > ${inDir('ready')}; exec sleep 1000`);
    const greeter = await processes.start({ ...spec, ready: isWritten('ready') });
    expect(readFileSync(processes.logFile('greeter'), 'utf8')).toBe('out\nerr\n');
    expect(processes.running).toEqual([greeter]);
  });

  it('rejects with the last log lines when the process ends before it is ready', async () => {
    const spec = {
      ...sh('failing', 'echo first; echo the port is taken >&2; exit 3'),
      ready: async () => false,
    };
    await expect(processes.start(spec)).rejects.toThrow(
      /failing: ended with exit code 3 before it was ready.*\nfirst\nthe port is taken$/s,
    );
    expect(processes.running).toEqual([]);
  });

  it('rejects and kills when the process is not ready in time, even if the question hangs', async () => {
    const spec = {
      ...sh('slow', `echo $$ > ${inDir('pid')}; exec sleep 1000`),
      readyWithinMs: 500,
    };
    const hangs = (): Promise<boolean> => Promise.withResolvers<boolean>().promise;
    await expect(processes.start({ ...spec, ready: hangs })).rejects.toThrow(/slow: ready: not there within 0.5 s/);
    expect(isAlive(pidIn('pid'))).toBe(false);
  });

  it('refuses a second process of the same name, and takes the name again once it is free', async () => {
    const first = await processes.start(sh('one', 'exec sleep 1000'));
    await expect(processes.start(sh('one', 'true'))).rejects.toThrow(/runs already/);
    await first.stop();
    await processes.start(sh('one', 'exec sleep 1000'));
    expect(processes.running.map(({ name }) => name)).toEqual(['one']);
  });

  it('says which command is missing', async () => {
    const missing = {
      name: 'missing',
      command: '/nowhere/kube-apiserver',
      args: [],
      ready: async () => false,
    };
    await expect(processes.start(missing)).rejects.toThrow(/missing.*kube-apiserver/s);
  });

  it('gives a child only what it needs of our environment', async () => {
    process.env['EKSODUS_TEST_SECRET'] = 'hunter2';
    try {
      const child = await processes.start({ ...sh('env', 'env; pwd'), env: { EXTRA: 'yes' } });
      await child.exited;
    } finally {
      delete process.env['EKSODUS_TEST_SECRET'];
    }
    const lines = readFileSync(processes.logFile('env'), 'utf8').trimEnd().split('\n');
    const names = lines.filter((line) => line.includes('=')).map((line) => line.slice(0, line.indexOf('=')));
    // PWD, OLDPWD, SHLVL and _ are the shell's own.
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name)).toSorted()).toEqual([
      'EXTRA',
      'HOME',
      'LANG',
      'PATH',
      'TMPDIR',
    ]);
    expect(lines).toContain(`HOME=${inDir('home')}`);
    expect(lines.at(-1)).toBe(inDir('home'));
  });
});

describe('stop', () => {
  it('lets the process end in its own way', async () => {
    const script = `trap 'echo bye; exit 0' TERM; echo yes > ${inDir('ready')}; while :; do sleep 0.05; done`;
    const polite = await processes.start({ ...sh('polite', script), ready: isWritten('ready') });
    await polite.stop();
    expect(await polite.exited).toEqual({ code: 0, signal: null });
    expect(readFileSync(processes.logFile('polite'), 'utf8')).toBe('bye\n');
  });

  it('kills what does not listen, with all that it started', async () => {
    const script = `trap '' TERM; sleep 1000 & echo $! > ${inDir('child')}; wait; while :; do sleep 1; done`;
    const stubborn = await processes.start({
      ...sh('stubborn', script),
      ready: isWritten('child'),
    });
    await stubborn.stop();
    expect(await stubborn.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await gone(pidIn('child'));
  }, 30_000);

  it('takes along what a process left behind that ended by itself', async () => {
    const parent = await processes.start(sh('parent', `sleep 1000 & echo $! > ${inDir('child')}`));
    expect(await parent.exited).toEqual({ code: 0, signal: null });
    await gone(pidIn('child'));
  });

  it('of all stops all, fails a start that is under way, and refuses another', async () => {
    await processes.start(sh('a', 'exec sleep 1000'));
    const b = processes.start({ ...sh('b', 'exec sleep 1000'), ready: async () => false });
    const pids = processes.running.map(({ pid }) => pid);
    expect(pids).toHaveLength(2);
    await Promise.all([expect(b).rejects.toThrow(/b: ended with SIGTERM before it was ready/), processes.stopAll()]);
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(processes.start(sh('c', 'true'))).rejects.toThrow(/everything was stopped/);
  });
});

describe('the death of the parent', () => {
  const parentScript = (then: string): string => `
    import { Processes } from ${JSON.stringify(new URL('../../sandbox/process/processes.ts', import.meta.url).href)};
    const processes = new Processes({ logDir: ${JSON.stringify(dir)} });
    await processes.start({ name: 'child', command: 'sh', args: ['-c', 'echo $$ > ${inDir('pid')}; exec sleep 1000'] });
    ${then}`;

  it.each([
    ['by SIGKILL', 'setInterval(() => undefined, 1000);', true],
    [
      'by an exit that forgot the children',
      `
      const { existsSync } = await import('node:fs');
      setInterval(() => { if (existsSync(processes.logFile("go"))) process.exit(0); }, 10);`,
      false,
    ],
  ])(
    '%s is the death of the children',
    async (_how, then, kill) => {
      writeFileSync(inDir('parent.ts'), parentScript(then));
      const parent = spawn(process.execPath, [inDir('parent.ts')], { stdio: 'ignore' });
      const ended = once(parent, 'exit');
      await waitUntil(isWritten('pid'), { what: 'the child', withinMs: 20_000 });
      const pid = pidIn('pid');
      expect(isAlive(pid)).toBe(true);
      if (kill) parent.kill('SIGKILL');
      else writeFileSync(inDir('go.log'), '');
      await ended;
      await gone(pid);
      expect(isAlive(pid)).toBe(false);
    },
    30_000,
  );
});

describe('waiting', () => {
  it('asks until the answer is yes, and takes an error for not yet', async () => {
    let asked = 0;
    const third = async (): Promise<boolean> => {
      asked += 1;
      if (asked === 1) throw new Error('not up');
      return asked === 3;
    };
    await waitUntil(third, { what: 'the third', withinMs: 20_000 });
    expect(asked).toBe(3);
  });

  it('says what it waited for and what the last problem was', async () => {
    const condition = async (): Promise<boolean> => {
      throw new Error('connection refused');
    };
    const wait = waitUntil(condition, { what: 'API server', withinMs: 100 });
    await expect(wait).rejects.toMatchObject({
      message: 'API server: not there within 0.1 s',
      cause: new Error('connection refused'),
    });
  });

  it('ends with the reason of the signal', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(waitUntil(async () => true, { what: 'x', withinMs: 1000, signal })).rejects.toThrow('stopped');
  });

  it('on HTTP takes 2xx for yes, all else for no', async () => {
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/readyz' ? 200 : 503).end('x'),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await httpOk(`${url}/readyz`)).toBe(true);
    expect(await httpOk(`${url}/livez`)).toBe(false);
    server.close();
    await once(server, 'close');
    expect(await httpOk(`${url}/readyz`)).toBe(false);
  });
});
