// What set-up shows: a live line on a terminal, a line every ten seconds elsewhere.

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}

/** @typedef {{ isTTY?: boolean, columns?: number, write: (text: string) => unknown }} Stream */

/**
 * Shows one piece of work until `stop` is called.
 * @param {string} title what is being done, with how far: `[2/8] kubernetes v1.36.3`
 * @param {{ stream?: Stream }} [options]
 */
export function show(title, { stream = process.stderr } = {}) {
  const began = Date.now();
  const live = stream.isTTY && !process.env['CI'];
  let detail = 'starting';
  const line = () => `${title} · ${detail} · ${duration(Date.now() - began)}`;
  const draw = () => stream.write(live ? `\r\x1b[2K${line().slice(0, (stream.columns || 80) - 1)}` : `${line()}\n`);
  draw();
  const timer = setInterval(draw, live ? 500 : 10_000);
  return {
    /** @param {string} text */
    detail(text) {
      detail = text;
    },
    /** @param {string} outcome */
    stop(outcome) {
      clearInterval(timer);
      stream.write(`${live ? '\r\x1b[2K' : ''}${title} · ${outcome} · ${duration(Date.now() - began)}\n`);
    },
  };
}
