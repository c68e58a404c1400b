import { GetParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { orNull } from './aws-answers.ts';

export interface Ssm {
  readParameter(name: string): Promise<string | null>;
  writeParameter(name: string, value: string): Promise<void>;
}

export function createSsm(ssm: SSMClient): Ssm {
  return {
    async readParameter(name) {
      const answer = await orNull(ssm.send(new GetParameterCommand({ Name: name })));
      return answer?.Parameter?.Value ?? null;
    },
    async writeParameter(name, value) {
      await ssm.send(new PutParameterCommand({ Name: name, Value: value, Type: 'String', Overwrite: true }));
    },
  };
}
