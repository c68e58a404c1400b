import type { AppView } from '../../client/app-view.ts';

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const two = (count: number, unit: string): string => `${String(Math.floor(count)).padStart(2, '0')}${unit}`;

/** `38s`, `4m10s`, `2h05m`, `3d07h`: the two largest units. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m${two(seconds % MINUTE, 's')}`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h${two((seconds % HOUR) / MINUTE, 'm')}`;
  return `${Math.floor(seconds / DAY)}d${two((seconds % DAY) / HOUR, 'h')}`;
}

/** From one moment to another, or to now while the other has not come; empty while the first has not. */
export const between = (from: string | undefined, to: string | undefined, now: Date): string =>
  from === undefined ? '' : duration((to === undefined ? now.getTime() : Date.parse(to)) - Date.parse(from));

const BAR_WIDTH = 10;

/** Blue ● and green ◆, told apart by their shape as well as by their colour. Who has any traffic is seen. */
export function weightBar(greenPercent: number): string {
  const [least, most] = [greenPercent > 0 ? 1 : 0, greenPercent < 100 ? BAR_WIDTH - 1 : BAR_WIDTH];
  const green = Math.min(most, Math.max(least, Math.round((greenPercent / 100) * BAR_WIDTH)));
  return '●'.repeat(BAR_WIDTH - green) + '◆'.repeat(green);
}

/** The share that an app asks for, until all name servers of its zone are known to give it. */
export function askedPercent({ state, greenPercent, history }: AppView): number | undefined {
  const asked = state === 'moving' ? history.at(-1)?.greenPercent : undefined;
  return asked === greenPercent ? undefined : asked;
}

/** `2/4`. An app that was on green and goes to a weight of its owner's choice has no step left. */
export const stepText = ({ stepIndex, stepCount }: AppView): string =>
  `${Math.min(stepIndex + 1, stepCount)}/${stepCount}`;

const AT_NO_STEP = new Set<AppView['state']>(['not-begun', 'on-blue', 'on-green']);

/** Undefined while it is at none of its steps. */
export const stepOf = (app: AppView): string | undefined =>
  AT_NO_STEP.has(app.state) || app.hold?.kind === 'pinned' ? undefined : stepText(app);

/** ` of 10m00s`, after the time for which an app has baked. */
export const bakeOf = ({ state, history }: AppView): string => {
  const step = state === 'baking' ? history.at(-1) : undefined;
  return step === undefined ? '' : ` of ${duration(step.bakeSeconds * 1000)}`;
};
