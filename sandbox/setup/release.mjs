// Official release downloads: quicker than building, and trusted only when the file has the SHA-256 pinned in parts.mjs.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {import('./parts.mjs').Part} Part */
/** @typedef {import('./parts.mjs').Release} Release */
/** @typedef {typeof WITHIN} Within */

/** How long a release host may take to begin to answer before the part is built from source, and how long to send it all. */
const WITHIN = { answerMs: 4_000, wholeMs: 300_000 };

/** Set EKSODUS_SETUP_DOWNLOADS=off to build everything from source without asking the release hosts. */
export const downloadsAllowed = () => process.env['EKSODUS_SETUP_DOWNLOADS'] !== 'off';

/**
 * @param {Release} release
 * @param {Within} within
 * @returns {Promise<Buffer>}
 */
async function download({ url, sha256 }, within) {
  const abort = new AbortController();
  const giveUp = (/** @type {string} */ what, /** @type {number} */ ms) =>
    setTimeout(() => abort.abort(new Error(`${what} within ${ms / 1000}s`)), ms);
  let timer = giveUp('no answer', within.answerMs);
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(timer);
    timer = giveUp('not whole', within.wholeMs);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const body = Buffer.from(await response.arrayBuffer());
    const found = createHash('sha256').update(body).digest('hex');
    if (found !== sha256) throw new Error(`SHA-256 is ${found}, expected ${sha256}: refused`);
    return body;
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/**
 * @param {Buffer} archive a .tar.gz
 * @param {string} member its path in the archive; none of its folders is made
 * @param {string} target
 */
function unpack(archive, member, target) {
  const out = openSync(target, 'w');
  try {
    execFileSync('tar', ['-xzOf', '-', member], { input: archive, stdio: ['pipe', out, 'pipe'] });
  } finally {
    closeSync(out);
  }
}

/** @param {unknown} error `fetch` hides the reason in the cause, and an address tried by IPv4 and IPv6 has it in the code only */
function inOneLine(error) {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  const text = cause.message || ('code' in cause ? String(cause.code) : cause.name);
  return text.split('\n', 1)[0];
}

/**
 * Tries the official releases of a part.
 * @param {Part} part
 * @param {string} into folder for the binaries, made here; it is there afterwards only when all of them are in it
 * @param {Within} [within]
 * @returns {Promise<{ done: true } | { done: false, why: string }>}
 */
export async function tryReleases(part, into, within = WITHIN) {
  const releases = part.releases?.[`${process.platform}-${process.arch}`];
  if (!releases) return { done: false, why: 'no pinned release for this platform' };
  if (!downloadsAllowed()) return { done: false, why: 'downloads are switched off' };
  mkdirSync(into);
  for (const [binary, release] of Object.entries(releases)) {
    const target = join(into, binary);
    try {
      const body = await download(release, within);
      if (release.member === undefined) writeFileSync(target, body);
      else unpack(body, release.member, target);
      chmodSync(target, 0o755);
    } catch (error) {
      rmSync(into, { recursive: true });
      return { done: false, why: `${new URL(release.url).host}: ${inOneLine(error)}` };
    }
  }
  return { done: true };
}
