import type { HandoverStatus } from '../../domain/status.ts';
import type { Paint } from './page.ts';
import { between, duration } from './words.ts';

const SIGNS = { blue: '●', green: '◆' } as const;

/** Who runs the workloads of an app that change hands, in one line. */
export function handoverLine(handover: HandoverStatus, at: Date): { readonly text: string; readonly paint: Paint } {
  const time = between(handover.since, undefined, at);
  switch (handover.state) {
    case 'on-blue':
    case 'on-green': {
      const colour = handover.state === 'on-blue' ? 'blue' : 'green';
      const { gapSeconds } = handover;
      const gap = gapSeconds === undefined ? '' : ` · neither cluster ran them for ${duration(gapSeconds * 1000)}`;
      return { text: `workloads run on ${colour} ${SIGNS[colour]}${gap}`, paint: 'dim' };
    }
    case 'stopping': {
      const from = handover.to === 'blue' ? 'green' : 'blue';
      return {
        text: `▶ workloads go to ${handover.to}: stopped on ${from}, must be idle there · ${time}`,
        paint: 'bold',
      };
    }
    case 'starting':
      return { text: `▶ workloads go to ${handover.to}: start there · ${time}`, paint: 'bold' };
  }
}
