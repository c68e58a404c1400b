// Many environments for one worker: an activity is done in the world of the environment whose workflow asks for it.
import { activityInfo } from '@temporalio/activity';
import type { Activities } from '../../activities/ports.ts';
import type { Environment } from '../../src/domain/environment.ts';
import { FakeWorld } from './fake-world.ts';

export class Worlds {
  readonly #activities = new Map<string, Activities>();

  add(environment: Environment): FakeWorld {
    const world = new FakeWorld(environment);
    // What the workflows of an environment and those of its zones have in their ids.
    for (const name of [environment.name, ...environment.zones.map(({ id }) => id)])
      this.#activities.set(name, world.activities());
    return world;
  }

  /** The one that a worker calls for every type without one of its own. */
  get activities(): Partial<Activities> {
    const inItsWorld = (input: never): unknown => {
      const { activityType, workflowExecution } = activityInfo();
      const name = workflowExecution?.workflowId.split('/')[1] ?? '';
      const activities = this.#activities.get(name);
      if (!activities) throw new Error(`no world for ${workflowExecution?.workflowId}`);
      return activities[activityType as keyof Activities](input);
    };
    return Object.fromEntries([['default', inItsWorld]]);
  }
}
