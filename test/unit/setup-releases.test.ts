import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PARTS, type Part, type Release } from '../../sandbox/setup/parts.mjs';
import { tryReleases } from '../../sandbox/setup/release.mjs';

const PLATFORM = `${process.platform}-${process.arch}`;
const BINARY = '#!/bin/sh\necho official\n';
const PATIENT = { answerMs: 30_000, wholeMs: 30_000 };

let dir: string;
let into: string;
let server: Server | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-releases-'));
  into = join(dir, 'part');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  if (server) await new Promise((resolve) => server?.close(resolve));
  server = undefined;
  rmSync(dir, { recursive: true });
});

const sha256 = (body: string | Buffer): string => createHash('sha256').update(body).digest('hex');

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const part = (releases: Record<string, Release>): Part => ({
  name: 'tool',
  version: '1',
  seconds: 1,
  binaries: Object.keys(releases),
  releases: { [PLATFORM]: releases },
  build: { kind: 'install', package: 'example.test/tool@v1' },
});

describe('official releases', () => {
  it('are used when their hash is the pinned one: all binaries of the part, executable', async () => {
    const base = await serve((request, response) => response.end(`${BINARY}# ${request.url}`));
    const release = (path: string): Release => ({ url: `${base}${path}`, sha256: sha256(`${BINARY}# ${path}`) });
    expect(await tryReleases(part({ one: release('/1'), two: release('/2') }), into, PATIENT)).toEqual({ done: true });
    expect(readdirSync(into).toSorted()).toEqual(['one', 'two']);
    expect(execFileSync(join(into, 'two'), { encoding: 'utf8' })).toBe('official\n');
  });

  it('are refused with another hash, both are named, and nothing of the part is kept', async () => {
    const base = await serve((_, response) => response.end(BINARY));
    const good = { url: `${base}/1`, sha256: sha256(BINARY) };
    const pinned = sha256('something else');
    const outcome = await tryReleases(part({ one: good, two: { url: `${base}/2`, sha256: pinned } }), into, PATIENT);
    expect(outcome).toEqual({
      done: false,
      why: `${new URL(base).host}: SHA-256 is ${sha256(BINARY)}, expected ${pinned}: refused`,
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('are taken out of an archive without its folders', async () => {
    const folder = join(dir, 'tool-v1-linux-amd64');
    mkdirSync(folder);
    writeFileSync(join(folder, 'tool'), BINARY);
    writeFileSync(join(folder, 'README'), 'read me');
    const archive = execFileSync('tar', ['-czf', '-', '-C', dir, 'tool-v1-linux-amd64']);
    rmSync(folder, { recursive: true });
    const base = await serve((_, response) => response.end(archive));
    const release = { url: `${base}/tool.tar.gz`, sha256: sha256(archive), member: 'tool-v1-linux-amd64/tool' };
    expect(await tryReleases(part({ tool: release }), into, PATIENT)).toEqual({ done: true });
    expect(readdirSync(into)).toEqual(['tool']);
    expect(readFileSync(join(into, 'tool'), 'utf8')).toBe(BINARY);
    expect(statSync(join(into, 'tool')).mode & 0o111).toBe(0o111);

    const without = await tryReleases(part({ tool: { ...release, member: 'tool' } }), join(dir, 'other'), PATIENT);
    expect(without).toEqual({ done: false, why: expect.stringContaining('tar') });
    expect(readdirSync(dir)).toEqual(['part']);
  });

  it('are given up when the host does not answer', async () => {
    const base = await serve(() => undefined);
    const silent = part({ tool: { url: base, sha256: sha256(BINARY) } });
    expect(await tryReleases(silent, into, { ...PATIENT, answerMs: 20 })).toEqual({
      done: false,
      why: `${new URL(base).host}: no answer within 0.02s`,
    });
    expect(existsSync(into)).toBe(false);
  });

  it('are given up when they do not come whole', async () => {
    const base = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('the beginning');
    });
    const slow = part({ tool: { url: base, sha256: sha256(BINARY) } });
    expect(await tryReleases(slow, into, { ...PATIENT, wholeMs: 20 })).toEqual({
      done: false,
      why: `${new URL(base).host}: not whole within 0.02s`,
    });
    expect(existsSync(into)).toBe(false);
  });

  it.each([404, 503])('are given up at HTTP %i', async (status) => {
    const base = await serve((_, response) => response.writeHead(status).end(BINARY));
    const outcome = await tryReleases(part({ tool: { url: base, sha256: sha256(BINARY) } }), into, PATIENT);
    expect(outcome).toEqual({ done: false, why: `${new URL(base).host}: HTTP ${status}` });
  });

  it('are given up where nobody listens, in one line', async () => {
    const base = await serve(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    const outcome = await tryReleases(part({ tool: { url: base, sha256: '' } }), into, PATIENT);
    expect(outcome).toEqual({ done: false, why: expect.stringMatching(/^127\.0\.0\.1:\d+: .*ECONNREFUSED.*$/) });
  });

  it('are not asked for when EKSODUS_SETUP_DOWNLOADS is off', async () => {
    let asked = 0;
    const base = await serve((_, response) => {
      asked++;
      response.end(BINARY);
    });
    vi.stubEnv('EKSODUS_SETUP_DOWNLOADS', 'off');
    const outcome = await tryReleases(part({ tool: { url: base, sha256: sha256(BINARY) } }), into, PATIENT);
    expect(outcome).toEqual({ done: false, why: 'downloads are switched off' });
    expect(asked).toBe(0);
  });

  it('are not asked for where none is pinned for the platform', async () => {
    const { releases: _, ...without } = part({});
    expect(await tryReleases(without, into)).toEqual({ done: false, why: 'no pinned release for this platform' });
  });
});

describe('pinned releases', () => {
  const pinned = PARTS.flatMap(({ name, version, binaries, releases }) =>
    Object.entries(releases ?? {}).map(([platform, files]) => ({ name, version, binaries, platform, files })),
  );

  it.each(pinned)('of $name for $platform are whole', ({ binaries, files, platform, version }) => {
    expect(Object.keys(files).toSorted()).toEqual(binaries.toSorted());
    const cpu = platform === 'linux-x64' ? 'amd64' : 'arm64';
    for (const { url, sha256: hash } of Object.values(files)) {
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      expect(url).toMatch(/^https:/);
      expect(url).toContain(version);
      expect(url).toContain(cpu);
    }
  });

  it('have each a hash of their own', () => {
    const hashes = pinned.flatMap(({ files }) => Object.values(files).map((release) => release.sha256));
    expect(hashes.length).toBeGreaterThan(0);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
