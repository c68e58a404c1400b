import type { Hold } from './status.ts';

/** Whether a person must do something before it goes on: a window, a turn and a scheduled time come by themselves. */
export const needsPerson = ({ kind }: Pick<Hold, 'kind'>): boolean =>
  kind !== 'window' && kind !== 'turn' && kind !== 'schedule';

/** What a hold says of an app that its own owner paused. */
export const PAUSED_BY_OWNER = 'its owner paused it';
