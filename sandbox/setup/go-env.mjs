// How Go is called: it writes into our cache only, and the user's own settings (proxy, checksum database) still count.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDir } from './cache.mjs';

export const goDir = () => join(cacheDir(), 'go');

/** Every call of `go`, `go version` too, counts itself in its telemetry folder: that moves with the settings' folder. */
export function goSettings() {
  const userConfig = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return {
    GOENV: process.env['GOENV'] || join(userConfig, 'go', 'env'),
    XDG_CONFIG_HOME: join(goDir(), 'config'),
  };
}

export function goBuildEnv() {
  return {
    ...goSettings(),
    GOMODCACHE: join(goDir(), 'mod'),
    GOCACHE: join(goDir(), 'build'),
    GOPATH: join(goDir(), 'path'),
    GOFLAGS: '-mod=mod -modcacherw -buildvcs=false',
    GOWORK: 'off',
    GOTOOLCHAIN: 'auto',
    CGO_ENABLED: '0',
  };
}
