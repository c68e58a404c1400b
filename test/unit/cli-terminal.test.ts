import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { columnsOf, cut, oneLine, wrap } from '../../src/cli/render/fit.ts';
import { jsonLines, picture, textLines } from '../../src/cli/render/show.ts';
import { LivePicture, terminal } from '../../src/cli/render/terminal.ts';
import { between, duration, weightBar } from '../../src/cli/render/words.ts';
import { Screen } from '../support/cli-screen.ts';
import { ago, app, hold, NOW, upgrade } from '../support/cli-status.ts';

describe('words', () => {
  it.each([
    [-5_000, '0s'],
    [0, '0s'],
    [499, '0s'],
    [38_400, '38s'],
    [59_600, '1m00s'],
    [250_000, '4m10s'],
    [3_599_600, '1h00m'],
    [7_530_000, '2h05m'],
    [86_399_600, '1d00h'],
    [284_400_000, '3d07h'],
  ])('%i ms are %s', (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });

  it('what has not begun takes no time, what has not ended takes until now', () => {
    expect(between(undefined, undefined, NOW)).toBe('');
    expect(between(ago(90), undefined, NOW)).toBe('1m30s');
    expect(between(ago(90), ago(60), NOW)).toBe('30s');
  });

  it.each([
    [0, '●●●●●●●●●●'],
    [1, '●●●●●●●●●◆'],
    [5, '●●●●●●●●●◆'],
    [25, '●●●●●●●◆◆◆'],
    [50, '●●●●●◆◆◆◆◆'],
    [96, '●◆◆◆◆◆◆◆◆◆'],
    [99, '●◆◆◆◆◆◆◆◆◆'],
    [100, '◆◆◆◆◆◆◆◆◆◆'],
  ])('%i %% green is %s: who has any traffic is seen', (percent, expected) => {
    expect(weightBar(percent)).toBe(expected);
  });
});

describe('fitting', () => {
  it('counts columns, not letters', () => {
    expect(columnsOf('stg ● ◆')).toBe(7);
    expect(columnsOf('障害')).toBe(4);
    expect(columnsOf('e\u0301🔥')).toBe(3);
  });

  it('cuts with a sign that something is missing', () => {
    expect(cut('exactly', 7)).toBe('exactly');
    expect(cut('too long', 7)).toBe('too lo…');
    expect(cut('障害障害', 6)).toBe('障害…');
  });

  it('wraps between words, and words only when they are too long for a line', () => {
    expect(wrap('because: the error rate is inconclusive', 20, '  ')).toEqual([
      'because: the error',
      '  rate is',
      '  inconclusive',
    ]);
    expect(wrap(`a ${'x'.repeat(12)}`, 8, '  ').join('|')).toBe('a|  xxxxxx|  xxxxxx');
    expect(wrap('as  it   is', 80, '  ')).toEqual(['as  it   is']);
  });

  it('makes one harmless line of anything', () => {
    expect(oneLine('a\n\tb\u001B[31mc\u0007 \n')).toBe('a b [31mc');
  });
});

describe('the terminal', () => {
  afterEach(() => vi.unstubAllEnvs());
  const tty = { isTTY: true, columns: 100 };

  it('is coloured, but for NO_COLOR', () => {
    vi.stubEnv('NO_COLOR', undefined);
    expect(terminal(tty)).toEqual({ width: 100, colour: true });
    vi.stubEnv('NO_COLOR', '');
    expect(terminal(tty).colour).toBe(true);
    vi.stubEnv('NO_COLOR', '1');
    expect(terminal(tty)).toEqual({ width: 100, colour: false });
  });

  it('that does not know its size has the usual one', () => {
    expect(terminal({ isTTY: true, columns: 0 }).width).toBe(80);
  });

  it('which is none gets whole lines without colour', () => {
    expect(terminal({ isTTY: false, columns: 0 })).toEqual({ width: Infinity, colour: false });
  });
});

describe('a live picture', () => {
  it('stands where it stood before, also when it grows and shrinks', () => {
    const screen = new Screen();
    const live = new LivePicture(screen);
    screen.write('$ eksodus upgrade watch stg\n');
    for (const text of ['one', 'one\ntwo\nthree', 'a\nb']) live.draw(text);
    expect(screen.text).toBe('$ eksodus upgrade watch stg\na\nb');
  });

  it('of lines as wide as the terminal stays in place', () => {
    const screen = new Screen({ columns: 10 });
    const live = new LivePicture(screen);
    for (const letter of 'abc') live.draw(`${letter.repeat(10)}\n${letter}`);
    expect(screen.text).toBe('cccccccccc\nc');
  });

  it('as high as the screen loses a line to the cursor, one less fits', () => {
    const screen = new Screen({ rows: 4 });
    const live = new LivePicture(screen);
    live.draw('1\n2\n3');
    expect(screen.text).toBe('1\n2\n3');
    for (let times = 0; times < 2; times += 1) live.draw('1\n2\n3\n4');
    expect(screen.text).toBe('1\n… 2 more lines\n4');
  });

  it('too high for the screen keeps its first line and its end, and is drawn once', () => {
    const screen = new Screen({ rows: 6 });
    const live = new LivePicture(screen);
    const high = Array.from({ length: 9 }, (_, index) => `line ${index + 1}`).join('\n');
    for (let times = 0; times < 3; times += 1) live.draw(high);
    expect(screen.text.split('\n')).toEqual(['line 1', '… 5 more lines', 'line 7', 'line 8', 'line 9']);
    live.leave(high);
    expect(screen.text).toBe(high);
  });
});

describe('watching', () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());

  it('on a terminal: times go on without news, and the last picture stays', () => {
    const screen = new Screen();
    const show = picture(screen);
    show.change(upgrade({ startedAt: ago(5) }));
    expect(screen.text).toContain('started 5s ago by');
    vi.advanceTimersByTime(10_000);
    expect(screen.text).toContain('started 15s ago by');
    show.change(upgrade({ state: 'aborted', endedAt: ago(-12), startedAt: ago(5), outcome: 'stopped by sre' }));
    show.end();
    expect(screen.text).toContain('stg  aborted after 17s ');
    expect(screen.text.match(/stg-1-36/g)).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('on a terminal: says since when it knows nothing new, and why, until it does', () => {
    const screen = new Screen();
    const show = picture(screen);
    show.looked(undefined);
    show.change(upgrade());
    vi.advanceTimersByTime(20_000);
    show.looked('no worker answers for stg. Start one: eksodus worker');
    vi.advanceTimersByTime(1_000);
    expect(screen.text).toMatch(/\nno news for 21s: no worker answers for stg\. Start one: eksodus worker$/);
    show.looked(undefined);
    vi.advanceTimersByTime(1_000);
    expect(screen.text).not.toContain('no news');
    show.end();
  });

  it('in a log: says once that there is no news, and once that there is again', () => {
    const screen = new Screen({ columns: 500 });
    const show = textLines(screen);
    show.looked(undefined);
    show.change(upgrade({ phases: [] }));
    show.looked('no worker answers for stg');
    vi.advanceTimersByTime(10_000);
    show.looked('no worker answers for stg');
    show.looked(undefined);
    show.looked(undefined);
    show.end();
    expect(screen.text.split('\n').slice(1)).toEqual([
      '2026-11-21T03:12:00.000Z no news: no worker answers for stg  env=stg news=none',
      '2026-11-21T03:12:10.000Z news again after 10s  env=stg news=again',
    ]);
  });

  it('as JSON: the whole status per line', () => {
    const screen = new Screen({ columns: 100_000 });
    const show = jsonLines(screen);
    const seen = [upgrade(), upgrade({ apps: [app('messages', {})], holds: [hold({})] })];
    for (const status of seen) show.change(status);
    show.end();
    expect(screen.text.split('\n').map((line) => JSON.parse(line))).toEqual(seen);
  });
});
