import type { Dependencies } from '../src/adapters/index.ts';
import { fail } from './failures.ts';
import type { ParameterActivities } from './ports.ts';

export function createParameterWork({ aws }: Dependencies): ParameterActivities {
  return {
    async readLiveCluster({ actor, parameter }) {
      const name = await aws(actor.region).ssm.readParameter(parameter);
      if (name !== null && name !== '') return name;
      throw fail('input.invalid', `SSM parameter ${parameter} in ${actor.region} names no live cluster`, {
        hint: "write the live cluster's name into the parameter",
      });
    },
    async writeLiveCluster({ actor, parameter, cluster }) {
      const { ssm } = aws(actor.region);
      if ((await ssm.readParameter(parameter)) !== cluster) await ssm.writeParameter(parameter, cluster);
    },
  };
}
