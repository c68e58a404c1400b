// Every running activity beats, so that a heartbeat that stays away means a dead worker and nothing else.
import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

const BEAT_MS = 2_000;

/** What each running activity last said of itself: a beat in between must not wipe it out. */
const lastSaid = new WeakMap<Context, unknown>();

/** Beats with details, which a next attempt finds in `activityInfo().heartbeatDetails`. */
export function beat(details: unknown): void {
  const context = Context.current();
  lastSaid.set(context, details);
  context.heartbeat(details);
}

/** Beats while an activity runs, whatever it is doing. */
export const beatingEvery =
  (intervalMs: number): ActivityInterceptorsFactory =>
  (context) => ({
    inbound: {
      async execute(input, next) {
        lastSaid.set(context, context.info.heartbeatDetails);
        const timer = setInterval(() => context.heartbeat(lastSaid.get(context)), intervalMs);
        try {
          return await next(input);
        } finally {
          clearInterval(timer);
        }
      },
    },
  });

export const beatingInterceptor = beatingEvery(BEAT_MS);
