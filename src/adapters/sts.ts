import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { required } from './aws-answers.ts';

export interface Sts {
  /** The account of the worker's own credentials. It needs no permission. */
  account(): Promise<string>;
}

export function createSts(sts: STSClient): Sts {
  return {
    async account() {
      const { Account } = await sts.send(new GetCallerIdentityCommand({}));
      return required(Account, 'Account');
    },
  };
}
