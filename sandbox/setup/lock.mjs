// One set-up at a time in a cache: a second one waits, and says for whom.
//
// Whoever wants the lock puts a ticket of its own into the folder and has the lock once that is the only one there.
// First put, then look: of two, at least the later one sees the other's. No name of a ticket is used twice, so taking
// away that of a dead process never hits a living one's, whoever else does the same at that moment.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKET = /^setup-lock-(\d+)-(\d+)-\w+$/;

/**
 * When a process was started, in the kernel's ticks: tells it from a later one with the same id. Undefined: it is gone.
 * @param {number} pid
 */
function startOf(pid) {
  try {
    // The name, in brackets, may hold anything; the state comes after it and the start 19 fields later.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * The tickets of others that live; those of the dead are taken away.
 * @param {string} dir @param {string} mine
 */
function otherTickets(dir, mine) {
  return readdirSync(dir).filter((name) => {
    const [, pid, start] = TICKET.exec(name) ?? [];
    if (name === mine || pid === undefined) return false;
    if (startOf(Number(pid)) === start) return true;
    rmSync(join(dir, name), { force: true });
    return false;
  });
}

/**
 * Takes the lock of a folder. It is given back by the function that this resolves to, or by the end of the process.
 * @param {string} dir
 * @param {{ lookEveryMs?: number }} [options]
 * @returns {Promise<() => void>} releases it
 */
export async function lock(dir, { lookEveryMs = 500 } = {}) {
  mkdirSync(dir, { recursive: true });
  const ticket = `setup-lock-${process.pid}-${startOf(process.pid)}-${randomBytes(4).toString('hex')}`;
  const withdraw = () => rmSync(join(dir, ticket), { force: true });
  process.once('exit', withdraw);
  let told = false;
  for (;;) {
    writeFileSync(join(dir, ticket), '');
    const others = otherTickets(dir, ticket);
    if (others.length === 0) {
      return () => {
        process.off('exit', withdraw);
        withdraw();
      };
    }
    // Of several that wait, the first by name stays: else they would step back before each other for ever.
    if (others.some((other) => other < ticket)) withdraw();
    if (!told) {
      const [, pid] = TICKET.exec(others[0] ?? '') ?? [];
      process.stderr.write(`Another set-up (process ${pid}) is at work in ${dir}; waiting for it.\n`);
    }
    told = true;
    await sleep(lookEveryMs);
  }
}
