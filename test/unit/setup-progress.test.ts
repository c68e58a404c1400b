import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lackOfRoom } from '../../sandbox/setup/build.mjs';
import { PARTS } from '../../sandbox/setup/parts.mjs';
import { duration, show } from '../../sandbox/setup/progress.mjs';

describe('progress', () => {
  let written: string;

  beforeEach(() => {
    written = '';
    vi.useFakeTimers();
    vi.stubEnv('CI', undefined);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  const stream = (isTTY: boolean, columns = 80) => ({
    isTTY,
    columns,
    write: (text: string) => {
      written += text;
      return true;
    },
  });

  it('off a terminal is a line every ten seconds, without control characters', () => {
    const progress = show('[2/8] etcd 3.6.5', { stream: stream(false) });
    progress.detail('12 packages compiled');
    vi.advanceTimersByTime(9_999);
    expect(written).toBe('[2/8] etcd 3.6.5 · starting · 0s\n');
    vi.advanceTimersByTime(60_001);
    progress.stop('built from source');
    vi.advanceTimersByTime(60_000);
    expect(written.split('\n')).toEqual([
      '[2/8] etcd 3.6.5 · starting · 0s',
      ...[10, 20, 30, 40, 50].map((seconds) => `[2/8] etcd 3.6.5 · 12 packages compiled · ${seconds}s`),
      '[2/8] etcd 3.6.5 · 12 packages compiled · 1m00s',
      '[2/8] etcd 3.6.5 · 12 packages compiled · 1m10s',
      '[2/8] etcd 3.6.5 · built from source · 1m10s',
      '',
    ]);
  });

  it('on a terminal is one line that is drawn again, no wider than the terminal, and ends as a line that stays', () => {
    const progress = show('[1/8] temporal 1.5.1', { stream: stream(true, 30) });
    vi.advanceTimersByTime(1_000);
    progress.detail('fetching a module with a long name');
    vi.advanceTimersByTime(500);
    progress.stop('official release');
    const lines = written.split('\r\x1b[2K').slice(1);
    expect(lines).toEqual(
      [
        '[1/8] temporal 1.5.1 · startin',
        '[1/8] temporal 1.5.1 · startin',
        '[1/8] temporal 1.5.1 · startin',
        '[1/8] temporal 1.5.1 · fetchin',
        '[1/8] temporal 1.5.1 · official release · 2s\n',
      ].map((line) => (line.endsWith('\n') ? line : line.slice(0, 29))),
    );
    vi.advanceTimersByTime(60_000);
    expect(written.endsWith('official release · 2s\n')).toBe(true);
  });

  it('in CI is plain lines, terminal or not', () => {
    vi.stubEnv('CI', 'true');
    show('npm packages', { stream: stream(true) }).stop('installed');
    expect(written).toBe('npm packages · starting · 0s\nnpm packages · installed · 0s\n');
  });

  it.each([
    [0, '0s'],
    [59_400, '59s'],
    [59_600, '1m00s'],
    [61_000, '1m01s'],
    [777_000, '12m57s'],
  ])('%i ms are %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe('room on the disk', () => {
  it('is asked for before anything big is built', () => {
    vi.stubEnv('EKSODUS_CACHE_DIR', '/var/cache/eksodus');
    expect(lackOfRoom(PARTS, 3_240_000_000)).toBe(
      "/var/cache/eksodus has 3.2 GB free; building the sandbox's parts takes 16 GB for a while (1.5 GB stay). Free some, or point EKSODUS_CACHE_DIR at a larger disk.",
    );
    vi.unstubAllEnvs();
  });

  it('is enough from 16 GB on, and always for small parts', () => {
    expect(lackOfRoom(PARTS, 16e9)).toBeUndefined();
    expect(
      lackOfRoom(
        PARTS.filter(({ name }) => name === 'etcd' || name === 'aws-emulator'),
        1e9,
      ),
    ).toBeUndefined();
    expect(lackOfRoom([], 0)).toBeUndefined();
  });
});
