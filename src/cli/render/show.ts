// The three ways to show an upgrade while it runs. Each also says so when there is no news: a picture of what was
// true some time ago must not look like what is true now.
import type { WriteStream } from 'node:tty';
import type { UpgradeStatus } from '../../domain/status.ts';
import { changedLines, logLine } from './lines.ts';
import { LivePicture, terminal } from './terminal.ts';
import { renderTree } from './tree.ts';
import { wrap } from './fit.ts';
import { duration } from './words.ts';

export interface Show {
  change(now: UpgradeStatus): void;
  /** After every look: why there was no answer, or undefined when there was one. */
  looked(problem: string | undefined): void;
  end(): void;
}

type Output = Pick<WriteStream, 'write'>;
type Terminal = Pick<WriteStream, 'write' | 'isTTY' | 'columns' | 'rows'>;

/** The whole status per change, one per line. */
export const jsonLines = (stream: Output): Show => ({
  change: (now) => void stream.write(`${JSON.stringify(now)}\n`),
  looked: () => undefined,
  end: () => undefined,
});

/** A line per change. */
export function textLines(stream: Output): Show {
  let before: UpgradeStatus | undefined;
  let silentSince: Date | undefined;
  const tell = (text: string, pair: string): void =>
    void stream.write(`${logLine(new Date().toISOString(), text, [`env=${before?.environment ?? ''}`, pair])}\n`);
  return {
    change(now) {
      for (const line of changedLines(before, now, new Date())) stream.write(`${line}\n`);
      before = now;
    },
    looked(problem) {
      if (problem !== undefined && silentSince === undefined) {
        silentSince = new Date();
        tell(`no news: ${problem}`, 'news=none');
      } else if (problem === undefined && silentSince !== undefined) {
        tell(`news again after ${duration(Date.now() - silentSince.getTime())}`, 'news=again');
        silentSince = undefined;
      }
    },
    end: () => undefined,
  };
}

const TICK_MS = 1_000;

/** The picture, drawn anew every second: its times go on. */
export function picture(stream: Terminal): Show {
  const live = new LivePicture(stream);
  let status: UpgradeStatus | undefined;
  let newsAt = Date.now();
  let problem: string | undefined;
  const text = (): string => {
    if (!status) return '';
    const shape = terminal(stream);
    const tree = renderTree(status, new Date(), shape);
    if (problem === undefined) return tree;
    const warning = wrap(`no news for ${duration(Date.now() - newsAt)}: ${problem}`, shape.width, '    ');
    return [tree, ...warning].join('\n');
  };
  const tick = setInterval(() => live.draw(text()), TICK_MS);
  return {
    change(now) {
      status = now;
      live.draw(text());
    },
    looked(why) {
      problem = why;
      if (why === undefined) newsAt = Date.now();
    },
    end() {
      clearInterval(tick);
      if (status) live.leave(text());
    },
  };
}
