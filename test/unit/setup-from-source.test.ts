// How Go is asked to build a module in its own source, with a stand-in for `go` that says what it was given.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { buildFromSource } from '../../sandbox/setup/from-source.mjs';
import type { Part } from '../../sandbox/setup/parts.mjs';

/** A module in the cache is read-only for all who only build. */
const GO = `#!/bin/sh
case "$1" in
  mod) dir="$GOMODCACHE/$3" && mkdir -p "$dir/cmd" && echo "module tool" > "$dir/go.mod" && chmod -w "$dir/go.mod" ;;
  build) pwd -P > "$CALLS.cwd" && cat go.mod > /dev/null && echo "$@" > "$CALLS.args" && echo "$GOWORK $GOFLAGS" > "$CALLS.env"
    while [ "$1" != -o ]; do shift; done
    echo binary > "$2" ;;
esac
`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-source-'));
  writeFileSync(join(dir, 'go'), GO);
  chmodSync(join(dir, 'go'), 0o755);
  vi.stubEnv('PATH', `${dir}:${process.env['PATH'] ?? ''}`);
  vi.stubEnv('EKSODUS_CACHE_DIR', join(dir, 'cache'));
  vi.stubEnv('CALLS', join(dir, 'calls'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

it('a main module is built in a copy of its source, outside of any workspace, with its tags', async () => {
  const [work, tmp] = [join(dir, 'work'), join(dir, 'tmp')];
  for (const one of [work, tmp]) mkdirSync(one);
  const part: Part = {
    name: 'tool',
    version: '1',
    seconds: 1,
    binaries: ['tool'],
    build: { kind: 'main-module', module: 'example.test/tool@v1', packages: { tool: './cmd/tool' }, tags: ['a', 'b'] },
  };
  await buildFromSource({ part, work, tmp, log: join(dir, 'log'), progress: { detail: () => undefined } });
  const said = (what: string): string => readFileSync(join(dir, `calls.${what}`), 'utf8').trim();
  expect(said('cwd')).toBe(join(tmp, 'source'));
  expect(said('args')).toBe(`build -v -trimpath -tags a,b -ldflags -s -w -o ${join(work, 'tool')} ./cmd/tool`);
  expect(said('env')).toMatch(/^off .*-mod=mod/);
  expect(existsSync(join(work, 'tool'))).toBe(true);
});
