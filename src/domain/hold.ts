import type { Hold, HoldKind } from './status.ts';

/** Whether a person must do something before it goes on: a window opens and a turn comes by itself. */
export const needsPerson = ({ kind }: Pick<Hold, 'kind'>): boolean => !ENDS_BY_ITSELF.has(kind);

const ENDS_BY_ITSELF: ReadonlySet<HoldKind> = new Set<HoldKind>(['window', 'turn', 'schedule', 'ready']);

/** What a hold says of an app that its own owner paused. */
export const PAUSED_BY_OWNER = 'its owner paused it';
